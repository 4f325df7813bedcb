// SPDX-License-Identifier: GPL-2.0

//! Attribute files in the directory of a [`Device`].
//!
//! The files are tables in static memory, each entry with a key that says which file it is; one
//! owner answers for all of them.

use super::device::Device;
use core::marker::PhantomData;
use core::ptr::null;
use kernel::bindings;
use kernel::ffi::c_char;
use kernel::page::PAGE_SIZE;
use kernel::prelude::*;
use kernel::str::Formatter;
use kernel::sync::Arc;

/// Who may do what with a file.
pub(crate) mod mode {
    /// Everybody reads.
    pub(crate) const READ: u16 = 0o444;
    /// Root reads.
    pub(crate) const ROOT_READ: u16 = 0o400;
    /// Root writes.
    pub(crate) const ROOT_WRITE: u16 = 0o200;
    /// Root reads and writes.
    pub(crate) const ROOT_READ_WRITE: u16 = 0o600;
}

/// The owner of a device's files.
pub(crate) trait Owner: Send + Sync + 'static {
    /// Which file.
    type Key: Copy + Send + Sync + 'static;

    /// Writes the contents of a text file, at most one page, into `page`.
    fn show(&self, key: Self::Key, page: &mut Formatter<'_>) -> Result;

    /// Takes what was written to a text file.
    fn store(&self, key: Self::Key, text: &[u8]) -> Result;

    /// Copies from a binary file, from `offset` on, into `out`; how much, 0 at the end.
    fn read(&self, key: Self::Key, offset: usize, out: &mut [u8]) -> Result<usize>;

    /// Takes what was written to a binary file at `offset`.
    fn write(&self, key: Self::Key, offset: usize, bytes: &[u8]) -> Result;
}

/// Room for a file's name and its end.
const NAME_SIZE: usize = 32;

/// A file's name, made at compile time.
#[derive(Clone, Copy)]
pub(crate) struct Name([u8; NAME_SIZE]);

impl Name {
    /// `parts` behind each other. Does not compile into a constant when that is too long.
    pub(crate) const fn joined(parts: &[&str]) -> Self {
        let mut name = [0; NAME_SIZE];
        let mut len = 0;
        let mut part = 0;
        while part < parts.len() {
            let bytes = parts[part].as_bytes();
            let mut byte = 0;
            while byte < bytes.len() {
                name[len] = bytes[byte];
                len += 1;
                byte += 1;
            }
            part += 1;
        }
        assert!(len < NAME_SIZE);
        Self(name)
    }
}

/// A text file.
#[repr(C)]
pub(crate) struct Attribute<O: Owner> {
    raw: bindings::device_attribute,
    key: O::Key,
}

impl<O: Owner> Clone for Attribute<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: Owner> Copy for Attribute<O> {}

// SAFETY: Never written after it is made.
unsafe impl<O: Owner> Sync for Attribute<O> {}

impl<O: Owner> Attribute<O> {
    /// The file `name`.
    pub(crate) const fn new(name: &'static Name, mode: u16, key: O::Key) -> Self {
        // SAFETY: All zeroes is a device_attribute without functions.
        let mut raw: bindings::device_attribute = unsafe { core::mem::zeroed() };
        raw.attr.name = name.0.as_ptr();
        raw.attr.mode = mode;
        raw.__bindgen_anon_1.show_const = Some(show::<O>);
        raw.__bindgen_anon_2.store_const = Some(store::<O>);
        Self { raw, key }
    }
}

/// A binary file.
#[repr(C)]
pub(crate) struct BinAttribute<O: Owner> {
    raw: bindings::bin_attribute,
    key: O::Key,
}

// SAFETY: Never written after it is made.
unsafe impl<O: Owner> Sync for BinAttribute<O> {}

impl<O: Owner> BinAttribute<O> {
    /// The file `name`, of a size that can change.
    pub(crate) const fn new(name: &'static Name, mode: u16, key: O::Key) -> Self {
        // SAFETY: All zeroes is a bin_attribute without functions.
        let mut raw: bindings::bin_attribute = unsafe { core::mem::zeroed() };
        raw.attr.name = name.0.as_ptr();
        raw.attr.mode = mode;
        raw.read = Some(read::<O>);
        raw.write = Some(write::<O>);
        Self { raw, key }
    }
}

/// The files of a group, with the NULL that ends the list: `N` is one more than there are files.
pub(crate) struct List<O: Owner, T, const N: usize> {
    files: [*const T; N],
    owner: PhantomData<fn(O)>,
}

// SAFETY: Pointers to static memory that is never written.
unsafe impl<O: Owner, T, const N: usize> Sync for List<O, T, N> {}

/// A list of text files.
pub(crate) type Texts<O, const N: usize> = List<O, bindings::attribute, N>;
/// A list of binary files.
pub(crate) type Binaries<O, const N: usize> = List<O, bindings::bin_attribute, N>;

impl<O: Owner, const N: usize> Texts<O, N> {
    /// The text files of a group.
    pub(crate) const fn new(files: &'static [Attribute<O>]) -> Self {
        assert!(files.len() < N);
        let mut list = [null(); N];
        let mut index = 0;
        while index < files.len() {
            list[index] = &raw const files[index].raw.attr;
            index += 1;
        }
        Self {
            files: list,
            owner: PhantomData,
        }
    }
}

impl<O: Owner, const N: usize> Binaries<O, N> {
    /// The binary files of a group.
    pub(crate) const fn new(files: &'static [BinAttribute<O>]) -> Self {
        assert!(files.len() < N);
        let mut list = [null(); N];
        let mut index = 0;
        while index < files.len() {
            list[index] = &raw const files[index].raw;
            index += 1;
        }
        Self {
            files: list,
            owner: PhantomData,
        }
    }
}

/// A group of files: a directory, or the device's own one.
pub(crate) struct Group<O: Owner> {
    raw: bindings::attribute_group,
    owner: PhantomData<fn(O)>,
}

// SAFETY: Never written after it is made.
unsafe impl<O: Owner> Sync for Group<O> {}

impl<O: Owner> Group<O> {
    /// A directory with text files.
    pub(crate) const fn directory<const N: usize>(
        name: &'static Name,
        texts: &'static Texts<O, N>,
    ) -> Self {
        // SAFETY: All zeroes is an empty group.
        let mut raw: bindings::attribute_group = unsafe { core::mem::zeroed() };
        raw.name = name.0.as_ptr();
        raw.__bindgen_anon_2.attrs_const = texts.files.as_ptr();
        Self {
            raw,
            owner: PhantomData,
        }
    }

    /// Text and binary files in the device's own directory.
    pub(crate) const fn top<const N: usize, const M: usize>(
        texts: &'static Texts<O, N>,
        binaries: &'static Binaries<O, M>,
    ) -> Self {
        // SAFETY: All zeroes is an empty group.
        let mut raw: bindings::attribute_group = unsafe { core::mem::zeroed() };
        raw.__bindgen_anon_2.attrs_const = texts.files.as_ptr();
        raw.bin_attrs = binaries.files.as_ptr();
        Self {
            raw,
            owner: PhantomData,
        }
    }
}

/// All groups of a device, with the NULL that ends the list: `N` is one more than there are groups.
pub(crate) struct Groups<O: Owner, const N: usize> {
    list: [*const bindings::attribute_group; N],
    owner: PhantomData<fn(O)>,
}

// SAFETY: Pointers to static memory that is never written.
unsafe impl<O: Owner, const N: usize> Sync for Groups<O, N> {}

impl<O: Owner, const N: usize> Groups<O, N> {
    /// The groups `groups`.
    pub(crate) const fn new(groups: &[&'static Group<O>]) -> Self {
        assert!(groups.len() < N);
        let mut list = [null(); N];
        let mut index = 0;
        while index < groups.len() {
            list[index] = &raw const groups[index].raw;
            index += 1;
        }
        Self {
            list,
            owner: PhantomData,
        }
    }
}

/// The files of a device, there as long as this value lives.
///
/// # Invariants
///
/// `groups` are added to `device`, whose driver data points to `owner`.
pub(crate) struct Files<O: Owner> {
    device: Arc<Device>,
    groups: *mut *const bindings::attribute_group,
    _owner: Arc<O>,
}

// SAFETY: Removing the files may happen in any task; everything else is `Send`.
unsafe impl<O: Owner> Send for Files<O> {}
// SAFETY: Nothing can be done through a shared reference.
unsafe impl<O: Owner> Sync for Files<O> {}

impl<O: Owner> Files<O> {
    /// Creates the files of `groups`, for which `owner` answers.
    ///
    /// # Errors
    ///
    /// EBUSY when the device has files already, else those of device_add_groups().
    pub(crate) fn new<const N: usize>(
        device: Arc<Device>,
        groups: &'static Groups<O, N>,
        owner: Arc<O>,
    ) -> Result<Self> {
        if !device.take_files() {
            return Err(EBUSY);
        }
        let groups = groups.list.as_ptr().cast_mut();
        let raw = device.as_raw();
        // SAFETY: The device is valid and its driver data is nobody else's: it has no files yet, and
        // no driver. `owner` is kept in the new value, or the pointer is not used: without groups
        // nobody looks at it.
        unsafe { (*raw).driver_data = core::ptr::from_ref::<O>(&owner).cast_mut().cast() };
        // SAFETY: The device is valid, the list is NULL-terminated, static and not written.
        kernel::error::to_result(unsafe { bindings::device_add_groups(raw, groups) })?;
        // INVARIANT: Both were just done.
        Ok(Self {
            device,
            groups,
            _owner: owner,
        })
    }
}

impl<O: Owner> Drop for Files<O> {
    fn drop(&mut self) {
        // SAFETY: The groups were added, by the invariant. The call waits for readers and writers.
        unsafe { bindings::device_remove_groups(self.device.as_raw(), self.groups) };
    }
}

/// The owner of the files of `device`.
///
/// # Safety
///
/// To be called from a callback of a file of an [`Attribute<O>`] or [`BinAttribute<O>`]; the
/// reference must not outlive the callback.
unsafe fn owner<'a, O: Owner>(device: *mut bindings::device) -> &'a O {
    // SAFETY: Files of `O` exist only between `Files::<O>::new` and its drop, which waits for
    // callbacks; in between the driver data points to a valid `O`.
    unsafe { &*(*device).driver_data.cast::<O>() }
}

/// What a callback answers: the number of bytes, or a negative error.
fn answer(result: Result<usize>) -> isize {
    match result {
        Ok(count) => isize::try_from(count).unwrap_or(isize::MAX),
        Err(error) => error.to_errno() as isize,
    }
}

/// # Safety
///
/// The kernel's contract of `show` for an [`Attribute<O>`].
unsafe extern "C" fn show<O: Owner>(
    device: *mut bindings::device,
    attribute: *const bindings::device_attribute,
    page: *mut c_char,
) -> isize {
    // SAFETY: Called from a file of an `Attribute<O>`.
    let owner = unsafe { owner::<O>(device) };
    // SAFETY: `attribute` is the first field of an `Attribute<O>`, by the type of the lists.
    let key = unsafe { (*attribute.cast::<Attribute<O>>()).key };
    // SAFETY: The kernel hands over one page for writing, filled with zeroes.
    let page = unsafe { core::slice::from_raw_parts_mut(page.cast::<u8>(), PAGE_SIZE) };
    let mut page = Formatter::new(page);
    answer(
        owner
            .show(key, &mut page)
            .map(|()| page.bytes_written().min(PAGE_SIZE)),
    )
}

/// # Safety
///
/// The kernel's contract of `store` for an [`Attribute<O>`].
unsafe extern "C" fn store<O: Owner>(
    device: *mut bindings::device,
    attribute: *const bindings::device_attribute,
    text: *const c_char,
    count: usize,
) -> isize {
    // SAFETY: Called from a file of an `Attribute<O>`.
    let owner = unsafe { owner::<O>(device) };
    // SAFETY: `attribute` is the first field of an `Attribute<O>`, by the type of the lists.
    let key = unsafe { (*attribute.cast::<Attribute<O>>()).key };
    // SAFETY: The kernel hands over `count` bytes.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), count) };
    answer(owner.store(key, text).map(|()| count))
}

/// The device whose directory `kobject` is.
///
/// # Safety
///
/// `kobject` must be that of a device.
unsafe fn device_of(kobject: *mut bindings::kobject) -> *mut bindings::device {
    // SAFETY: By the function's requirement.
    unsafe { kernel::container_of!(kobject, bindings::device, kobj) }
}

/// # Safety
///
/// The kernel's contract of `read` for a [`BinAttribute<O>`] of a device.
unsafe extern "C" fn read<O: Owner>(
    _file: *mut bindings::file,
    kobject: *mut bindings::kobject,
    attribute: *const bindings::bin_attribute,
    buffer: *mut c_char,
    offset: bindings::loff_t,
    count: usize,
) -> isize {
    // SAFETY: Called from a file of a `BinAttribute<O>` in a device's directory.
    let owner = unsafe { owner::<O>(device_of(kobject)) };
    // SAFETY: `attribute` is the first field of a `BinAttribute<O>`, by the type of the lists.
    let key = unsafe { (*attribute.cast::<BinAttribute<O>>()).key };
    // SAFETY: The kernel hands over `count` bytes for writing, initialised by it.
    let out = unsafe { core::slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
    let offset = usize::try_from(offset).map_err(|_| EINVAL);
    answer(offset.and_then(|offset| owner.read(key, offset, out)))
}

/// # Safety
///
/// The kernel's contract of `write` for a [`BinAttribute<O>`] of a device.
unsafe extern "C" fn write<O: Owner>(
    _file: *mut bindings::file,
    kobject: *mut bindings::kobject,
    attribute: *const bindings::bin_attribute,
    buffer: *mut c_char,
    offset: bindings::loff_t,
    count: usize,
) -> isize {
    // SAFETY: Called from a file of a `BinAttribute<O>` in a device's directory.
    let owner = unsafe { owner::<O>(device_of(kobject)) };
    // SAFETY: `attribute` is the first field of a `BinAttribute<O>`, by the type of the lists.
    let key = unsafe { (*attribute.cast::<BinAttribute<O>>()).key };
    // SAFETY: The kernel hands over `count` bytes.
    let bytes = unsafe { core::slice::from_raw_parts(buffer.cast::<u8>(), count) };
    let offset = usize::try_from(offset).map_err(|_| EINVAL);
    answer(offset.and_then(|offset| owner.write(key, offset, bytes).map(|()| count)))
}
