    .section .text.start, "ax"
    .global _start
_start:
    // No traps on floating point and vectors.
    mov     x0, #(3 << 20)
    msr     cpacr_el1, x0
    ldr     x0, =vectors
    msr     vbar_el1, x0
    isb

    ldr     x0, =__sbss
    ldr     x1, =__ebss
1:  cmp     x0, x1
    b.hs    2f
    str     xzr, [x0], #8
    b       1b

    // The paint that shows how deep the stack has been.
2:  ldr     x0, =_stack_end
    ldr     x1, =_stack_start
    mov     sp, x1
    ldr     x2, =0xcccccccccccccccc
3:  cmp     x0, x1
    b.hs    4f
    str     x2, [x0], #8
    b       3b

4:  bl      main

    .balign 2048
vectors:
    .rept   16
    .balign 128
    b       fault
    .endr
    .balign 128
