// SPDX-License-Identifier: GPL-2.0

//! Views that are kept together with the bytes they borrow.

use kernel::prelude::*;

/// A kind of view, for any lifetime of the bytes.
pub(crate) trait View {
    /// The view of bytes that live for `'a`.
    type Of<'a>: Copy;
}

/// Bytes, and views that borrow nothing else.
///
/// # Invariants
///
/// Every view borrows from `bytes` or from something static, and `bytes` is never changed: moving a
/// vector does not move what it holds.
pub(crate) struct Views<V: View> {
    // Before `bytes`: dropped first.
    views: KVec<V::Of<'static>>,
    #[expect(dead_code, reason = "what the views borrow")]
    bytes: KVVec<u8>,
}

impl<V: View> Views<V> {
    /// Keeps `bytes` with as many views as `make` gives for the numbers from 0 on.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    pub(crate) fn new(
        bytes: KVVec<u8>,
        make: impl for<'a> Fn(&'a [u8], usize) -> Option<V::Of<'a>>,
    ) -> Result<Self> {
        // SAFETY: The bytes are owned by the result, never changed, and dropped after the views that
        // are made of this slice; `views` hands them out for as long as the result is borrowed.
        let slice: &'static [u8] =
            unsafe { core::slice::from_raw_parts(bytes.as_ptr(), bytes.len()) };
        let mut views = KVec::new();
        while let Some(view) = make(slice, views.len()) {
            views.push(view, GFP_KERNEL)?;
        }
        // INVARIANT: `make` works for any lifetime, so its views hold nothing but what it was given.
        Ok(Self { views, bytes })
    }

    /// The views.
    pub(crate) fn as_slice(&self) -> &[V::Of<'_>] {
        let views = self.views.as_slice();
        // SAFETY: The types differ in a lifetime only, which has no part in their layout, and the
        // shorter one is that for which the bytes are borrowed together with the views.
        unsafe { core::slice::from_raw_parts(views.as_ptr().cast(), views.len()) }
    }
}
