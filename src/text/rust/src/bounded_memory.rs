//! The allocator of this archive: the system's, with a bound for a process that asks for one.
//!
//! Nobody can refuse an allocation in the midst of a library and go on: beyond the bound the process
//! ends. It is for processes whose work is not trusted and whose end costs nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering::Relaxed};

static BOUNDED: AtomicBool = AtomicBool::new(false);
static BYTES_LEFT: AtomicI64 = AtomicI64::new(0);
static EXIT_CODE: AtomicI32 = AtomicI32::new(0);

/// From here on the process ends with `exit_code` when it holds `bytes` more than now.
pub fn end_process_beyond(bytes: usize, exit_code: i32) {
    EXIT_CODE.store(exit_code, Relaxed);
    BYTES_LEFT.store(i64::try_from(bytes).unwrap_or(i64::MAX), Relaxed);
    BOUNDED.store(true, Relaxed);
}

/// Of the bound, while there is one.
pub fn bytes_left() -> i64 {
    BYTES_LEFT.load(Relaxed)
}

pub fn forget_bound() {
    BOUNDED.store(false, Relaxed);
}

fn grow(bytes: i64) {
    if BOUNDED.load(Relaxed) && BYTES_LEFT.fetch_sub(bytes, Relaxed) < bytes {
        // SAFETY: ends the process without running anything of it.
        unsafe { libc::_exit(EXIT_CODE.load(Relaxed)) }
    }
}

struct Bounded;

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

// SAFETY: every call is handed on as it came. A layout's size is at most isize::MAX.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size() as i64);
        System.alloc(layout)
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size() as i64);
        System.alloc_zeroed(layout)
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        grow(-(layout.size() as i64));
        System.dealloc(pointer, layout);
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size as i64 - layout.size() as i64);
        System.realloc(pointer, layout, size)
    }
}
