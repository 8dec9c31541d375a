    .section .text.start, "ax"
    .global _start
_start:
    la      t0, trap
    csrw    mtvec, t0

    la      t0, __sbss
    la      t1, __ebss
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b

    // The paint that shows how deep the stack has been.
2:  la      t0, _stack_end
    la      t1, _stack_start
    mv      sp, t1
    li      t2, 0xcccccccc
3:  bgeu    t0, t1, 4f
    sw      t2, 0(t0)
    addi    t0, t0, 4
    j       3b

4:  call    main

    .balign 4
trap:
    j       fault
