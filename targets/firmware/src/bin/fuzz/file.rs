//! A file of the machine that the emulator runs on.

use cortex_m_semihosting::{nr, syscall};

pub struct File(usize);

impl File {
    /// Opens a file whose name ends with a zero; for reading.
    pub fn open(name: &core::ffi::CStr) -> Option<Self> {
        let arguments = [name.as_ptr().addr(), nr::open::R_BINARY, name.count_bytes()];
        // SAFETY: `OPEN` reads the three and the name.
        let handle = unsafe { syscall(nr::OPEN, &arguments) };
        (handle != usize::MAX).then_some(Self(handle))
    }

    /// Fills the bytes, as far as the file has any; says how many it has.
    pub fn read(&self, bytes: &mut [u8]) -> usize {
        let mut done = 0;
        // A pipe gives what there is.
        while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let arguments = [self.0, rest.as_mut_ptr().addr(), rest.len()];
            // SAFETY: `READ` reads the three, and writes to the bytes no more than they are.
            let left = unsafe { syscall(nr::READ, &arguments) };
            match rest.len().checked_sub(left) {
                None | Some(0) => break,
                Some(count) => done += count,
            }
        }
        done
    }
}
