// SPDX-License-Identifier: GPL-2.0

//! Plans: what is refused, where and why; and what becomes of each IOMMU group.

use launchguard_host_tests::fixture::{self, Machine};
use launchguard_pure::decode::tboot::SharedPage;
use launchguard_pure::lists::sheet;
use launchguard_pure::plan::{self, Holds, Meter, Standing, Surroundings, Tboot};
use launchguard_pure::verify::facts::{Ats, Facts, MemoryRange, PciFunction, Unit, UnitRegisters};
use launchguard_pure::verify::policy::{Address, DevicePath, FaultBudget, Policy};
use proptest::prelude::*;

/// Reserved memory of the machine: tboot's log, tboot, 0x10000000 + 64M, and 0x180000000 + 1G.
const RESERVED: [(u64, u64); 4] = [
    (0x6_0000, 0x8000),
    (0x80_0000, 0x228_a000),
    (0x1000_0000, 64 << 20),
    (0x1_8000_0000, 1 << 30),
];

/// tboot 1.10.5 as it says where it is: its stacks and variables end at 0x2a89d54.
const SHARED: SharedPage = SharedPage {
    log: 0x6_0000,
    base: 0x80_4000,
    size: 0x2a8_9d54 - 0x80_4000,
};
const PAGE: u64 = 0x247_2000;

/// In the reserved memory: a table, and what EFI's runtime services use.
const ACPI: (u64, u64) = (0x1_bfff_0064, 0x88);
const EFI: (u64, u64) = (0x1_bff0_0000, 0x2000);

/// A machine with devices.
struct Board {
    machine: Machine,
    tboot: Tboot,
}

impl Surroundings for Board {
    fn facts(&self) -> Facts<'_> {
        self.machine.facts()
    }

    fn tboot(&self) -> Tboot {
        self.tboot
    }

    /// As the kernel's resource map would answer: RAM below 2 GiB and from 4 GiB to 6 GiB.
    fn holds(&self, base: u64, size: u64) -> Option<Holds> {
        let inside = |(start, len): (u64, u64)| base >= start && base + size <= start + len;
        let touches = |(start, len): (u64, u64)| base < start + len && base + size > start;
        Some(if touches(ACPI) {
            Holds::Acpi
        } else if touches(EFI) {
            Holds::Efi
        } else if RESERVED.into_iter().any(inside) {
            Holds::Reserved
        } else if touches((0, 0x8000_0000)) || touches((0x1_0000_0000, 0x8000_0000)) {
            Holds::Ram
        } else if touches((0xc000_0000, 0x1000_0000)) {
            Holds::Other
        } else {
            Holds::Nothing
        })
    }
}

/// The function behind the root port of [`board`].
const AT_PORT: Address = Address {
    segment: 0,
    bus: 3,
    devfn: 0,
};

/// A function at bus:device.function in a group of its own.
/// A function without a driver.
fn function(bus: u8, device: u8, function: u8, group: u32) -> PciFunction {
    PciFunction {
        device: 0x10d3,
        bus_master: Some(false),
        driver: false,
        ..fixture::dma::function(bus, device, function, group)
    }
}

fn board() -> Board {
    let mut machine = Machine::launched();
    let mut host = function(0, 0, 0, 0);
    host.class = 0x06_0000;
    let mut port = function(0, 0x1c, 0, 1);
    (port.bridge, port.class, port.driver) = (true, 0x06_0400, true);
    port.buses = Some((3, 5));
    let mut twins = [function(0, 0x1f, 2, 2), function(0, 0x1f, 3, 2)];
    twins.iter_mut().for_each(|twin| twin.group_size = 2);
    let mut bound = function(0, 3, 0, 3);
    bound.driver = true;
    let mut display = function(0, 2, 0, 4);
    display.class = 0x03_0000;
    let mut naked = function(0, 5, 0, 0);
    naked.group = None;
    let mut ats = function(0, 6, 0, 6);
    ats.ats = Ats::On;
    let mut virtual_function = function(2, 0, 1, 8);
    virtual_function.virtual_function = true;
    machine.dma.functions = Some(vec![
        host,
        display,
        bound,
        naked,
        ats,
        port,
        twins[0],
        twins[1],
        virtual_function,
        function(3, 0, 0, 7),
    ]);
    machine.dma.units = Some(vec![unit((0x26 << 16) | (1 << 9), 0, 0)]);
    machine.chipset.memory_map = Some(vec![
        range(0, 0x1000_0000, 1),
        range(0x80_0000, 0x228_a000, 2),
        range(0x1000_0000, 64 << 20, 2),
        range(0x7ff0_0000, 0x1_0000, 3),
        range(0x7ff1_0000, 0x1_0000, 4),
    ]);
    machine.chipset.ecam = Some((0xe000_0000, 0x1000_0000));
    let tboot = Tboot::At {
        page: PAGE,
        shared: Some(SHARED),
    };
    Board { machine, tboot }
}

fn range(base: u64, size: u64, kind: u32) -> MemoryRange {
    MemoryRange { base, size, kind }
}

/// A unit with these registers.
fn unit(cap: u64, ecap: u64, rtaddr: u64) -> Unit {
    Unit {
        segment: 0,
        base: 0xfed9_0000,
        registers: Some(UnitRegisters {
            version: 0x10,
            cap,
            ecap,
            gsts: 0,
            rtaddr,
            fsts: 0,
            pmen: 0,
            pmr_low: (0, 0),
            pmr_high: (0, 0),
            irta: 0,
        }),
        root_in_ram: None,
        irt_in_ram: None,
    }
}

fn planned(text: &str, board: Option<&Board>) -> Result<(), String> {
    let text = format!("version 1\n{text}");
    let policy = Policy::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    plan::check(
        &sheet(&policy).statements(),
        board.map(|board| board as &dyn Surroundings),
    )
    .map_err(|error| error.to_string())
}

/// A region that the windows of a case lie in, in line 2.
const REGION: &str = "region shared 0x10000000 + 64M\n";

fn window(line: &str) -> String {
    format!("{REGION}compartment a {{\nwindow {line}\ndevice 0000:03:00.0\n}}\n")
}

#[test]
fn what_the_text_alone_shows_is_refused_anywhere() {
    let cases = [
        ("region a 0x1000 + 0".to_owned(), "line 2, column 19: the region has no bytes"),
        ("region a 0x1001 + 4K".to_owned(), "line 2, column 10: the region begins at 0x1001, which is no multiple of 4 KiB"),
        ("region a 0x1000 + 1K".to_owned(), "line 2, column 19: the region has 0x400 bytes, which is no multiple of 4 KiB"),
        ("region a 0xfffffffffffff000 + 8K".to_owned(), "line 2, column 31: the region at 0xfffffffffffff000 with 0x2000 bytes reaches beyond 64 bits"),
        ("region a 0 + 4K\nregion a 8K + 4K".to_owned(), "line 3, column 8: region \"a\" is already there, in line 2"),
        (window("0x10000000 + 0 r"), "line 4, column 21: the window has no bytes"),
        (window("0x10000800 + 4K r"), "line 4, column 8: the window begins at 0x10000800, which is no multiple of 4 KiB"),
        (window("0x10000000 + 100 r"), "line 4, column 21: the window has 0x64 bytes, which is no multiple of 4 KiB"),
        (window("0xfffffffffffff000 + 8K r at 0"), "line 4, column 29: the window at 0xfffffffffffff000 with 0x2000 bytes reaches beyond 64 bits"),
        (window("0x10000000 + 4K r at 0x800"), "line 4, column 29: the window is at 0x800, which is no multiple of 4 KiB"),
        (window("0x10000000 + 8K r at 0x1fffffffffff000"), "line 4, column 29: the window at 0x1fffffffffff000 + 0x2000 lies above the 57 bits that are translated"),
        (window("0x10000000 + 8K r at 0xfffffffffffff000"), "line 4, column 29: the window at 0xfffffffffffff000 + 0x2000 lies above the 57 bits that are translated"),
        (window("0x10000000 + 4K rw at 0xfee00000"), "line 4, column 30: the window at 0xfee00000 touches 0xfee00000 + 0x100000, where writes are interrupts"),
        (window("0x10000000 + 8K rw at 0xfedff000"), "line 4, column 30: the window at 0xfedff000 touches 0xfee00000 + 0x100000, where writes are interrupts"),
        (window("0x10000000 + 64M rw at 0xfeeff000"), "line 4, column 31: the window at 0xfeeff000 touches 0xfee00000 + 0x100000, where writes are interrupts"),
        (window("0x14000000 + 4K r"), "line 4, column 8: the window 0x14000000 + 0x1000 lies in no region"),
        (window("0x13fff000 + 8K r"), "line 4, column 8: the window 0x13fff000 + 0x2000 lies in no region"),
        (window("0xffff000 + 8K r"), "line 4, column 8: the window 0xffff000 + 0x2000 lies in no region"),
        (window("0x10000000 + 8K r at 0\nwindow 0x11000000 + 4K r at 0x1000"), "line 5, column 29: the addresses 0x1000 + 0x1000 overlap those of the window in line 4"),
        (window("0x10000000 + 8K r\nwindow 0x10001000 + 4K r"), "line 5, column 8: the addresses 0x10001000 + 0x1000 overlap those of the window in line 4"),
        ("compartment a {\ndevice 0000:03:00.0\n}\ncompartment a {\ndevice 0000:04:00.0\n}".to_owned(), "line 5, column 13: compartment \"a\" is already there, in line 2"),
        ("compartment a {\ndevice 0000:03:00.0\n}\ncompartment b {\ndevice 0000:03:00.0\n}".to_owned(), "line 6, column 8: 0000:03:00.0 is already in compartment \"a\""),
        ("compartment a {\ndevice 0000:03:00.0\ndevice 0000:03:00.0\n}".to_owned(), "line 4, column 8: 0000:03:00.0 is already in this compartment"),
    ];
    for (text, expected) in &cases {
        assert_eq!(
            planned(text, None).as_ref(),
            Err(&expected.to_string()),
            "{text}"
        );
    }
    // Neighbours do not overlap, and physical memory may be shared.
    let good = [
        window("0x10000000 + 4K rw at 0\nwindow 0x10000000 + 4K r at 0x1000"),
        window("0x10000000 + 64M rw"),
        window("0x10000000 + 4K rw at 0xfedff000\nwindow 0x10000000 + 4K rw at 0xfef00000"),
        window("0x10000000 + 4K r at 0x1fffffffffff000"),
        "region a 0xffffffffffffe000 + 4K".to_owned(),
        "compartment a {\ndevice 0000:03:00.0\n}\ncompartment b {\ndevice 0000:03:00.1\n}"
            .to_owned(),
    ];
    for text in good {
        assert_eq!(planned(&text, None), Ok(()), "{text}");
    }
}

#[test]
fn what_the_machine_shows_is_refused_there() {
    let device = |at: &str| format!("compartment a {{\ndevice {at}\n}}");
    let cases = [
        ("region a 0x20000000 + 4K".to_owned(), "line 2, column 10: the region holds System RAM, which is the kernel's"),
        ("region a 0x13fff000 + 8K".to_owned(), "line 2, column 10: the region holds System RAM, which is the kernel's"),
        ("region a 0x200000000 + 4K".to_owned(), "line 2, column 10: the region is not reserved: no memory is known there"),
        ("region a 0xc0000000 + 4K".to_owned(), "line 2, column 10: the region is not reserved memory alone: something else is there"),
        ("region a 0xfed90000 + 4K".to_owned(), "line 2, column 10: the region overlaps the registers of an IOMMU at 0xfed90000 + 0x1000"),
        ("region a 0xfed20000 + 4K".to_owned(), "line 2, column 10: the region overlaps TXT's private registers at 0xfed20000 + 0x10000"),
        ("region a 0xfed3f000 + 4K".to_owned(), "line 2, column 10: the region overlaps TXT's public registers at 0xfed30000 + 0x10000"),
        ("region a 0xfed44000 + 4K".to_owned(), "line 2, column 10: the region overlaps the TPM's localities at 0xfed40000 + 0x5000"),
        ("region a 0x7efff000 + 4K".to_owned(), "line 2, column 10: the region overlaps the TXT heap at 0x7efe0000 + 0x20000"),
        ("region a 0x7ec10000 + 4K".to_owned(), "line 2, column 10: the region overlaps the SINIT region at 0x7ec10000 + 0x10000"),
        ("region a 0x7ed00000 + 4K".to_owned(), "line 2, column 10: the region overlaps the DMA protected range at 0x7ec00000 + 0x400000"),
        ("region a 0x7ff00000 + 4K".to_owned(), "line 2, column 10: the region overlaps ACPI tables at 0x7ff00000 + 0x10000"),
        ("region a 0x7ff10000 + 4K".to_owned(), "line 2, column 10: the region overlaps ACPI's non-volatile storage at 0x7ff10000 + 0x10000"),
        ("region a 0x1bffe0000 + 128K".to_owned(), "line 2, column 10: the region holds an ACPI table"),
        ("region a 0x1bff01000 + 4K".to_owned(), "line 2, column 10: the region holds memory of EFI's runtime services"),
        ("region a 0xfec00000 + 4K".to_owned(), "line 2, column 10: the region overlaps registers of the chipset at 0xfec00000 + 0x1400000"),
        ("region a 0xfffff000 + 4K".to_owned(), "line 2, column 10: the region overlaps registers of the chipset at 0xfec00000 + 0x1400000"),
        ("region a 0x800000 + 4K".to_owned(), "line 2, column 10: the region overlaps tboot at 0x800000 + 0x228a000"),
        ("region a 0x2472000 + 4K".to_owned(), "line 2, column 10: the region overlaps tboot at 0x800000 + 0x228a000"),
        ("region a 0x2474000 + 6M".to_owned(), "line 2, column 10: the region overlaps tboot at 0x800000 + 0x228a000"),
        ("region a 0x2a89000 + 4K".to_owned(), "line 2, column 10: the region overlaps tboot at 0x800000 + 0x228a000"),
        ("region a 0x2a8a000 + 4K".to_owned(), "line 2, column 10: the region holds System RAM, which is the kernel's"),
        ("region a 0x67000 + 4K".to_owned(), "line 2, column 10: the region overlaps tboot's log at 0x60000 + 0x8000"),
        ("region a 0xe0000000 + 4K".to_owned(), "line 2, column 10: the region overlaps PCI configuration space at 0xe0000000 + 0x10000000"),
        (window("0x10000000 + 4K r at 0x8000000000"), "line 4, column 29: the window at 0x8000000000 + 0x1000 lies above the 39 bits that are translated"),
        (device("0000:04:00.0"), "line 3, column 8: there is no PCI function 0000:04:00.0"),
        (device("0001:03:00.0"), "line 3, column 8: there is no PCI function 0001:03:00.0"),
        (device("0000:00:1c.0"), "line 3, column 8: 0000:00:1c.0 is a bridge: it carries others' accesses"),
        (device("0000:00:00.0"), "line 3, column 8: 0000:00:00.0 is a bridge: it carries others' accesses"),
        (device("0000:00:1f.2"), "line 3, column 8: 0000:00:1f.2 shares IOMMU group 2 with 0000:00:1f.3"),
        (device("0000:00:05.0"), "line 3, column 8: 0000:00:05.0 is in no IOMMU group: nothing translates its accesses"),
        (device("0000:00:03.0"), "line 3, column 8: 0000:00:03.0 has a driver: only a device without one can be confined"),
        (device("0000:00:06.0"), "line 3, column 8: 0000:00:06.0 has ATS switched on: its translated requests pass unchecked"),
    ];
    let board = board();
    for (text, expected) in &cases {
        assert_eq!(
            planned(text, Some(&board)).as_ref(),
            Err(&expected.to_string()),
            "{text}"
        );
    }
    assert_eq!(
        planned(&window("0x10000000 + 16M rw at 0"), Some(&board)),
        Ok(())
    );
    for text in [
        "region a 0x180000000 + 1023M",
        "region a 0x1bff02000 + 4K",
        "region a 0x1bfff1000 + 4K",
    ] {
        assert_eq!(planned(text, Some(&board)), Ok(()), "{text}");
    }

    let mut unknown = board;
    unknown.machine.dma.functions = None;
    assert_eq!(
        planned(&device("0000:03:00.0"), Some(&unknown)),
        Err(
            "line 3, column 8: 0000:03:00.0: the PCI functions are not known: it could not be read"
                .into()
        )
    );
}

/// Where tboot lies is told by its page, else by the memory map; where neither does, no memory is given.
#[test]
fn what_is_not_known_of_tboot_is_not_given() {
    let refusal = |tboot: Tboot, mapped: bool, at: u64| {
        let mut board = board();
        board.tboot = tboot;
        if !mapped {
            let map = board.machine.chipset.memory_map.as_mut().unwrap();
            map.retain(|range| range.kind != 2);
        }
        let answer = planned(&format!("region a {at:#x} + 4K"), Some(&board));
        answer
            .err()
            .map(|error| error.replace("line 2, column 10: the region ", ""))
    };
    let at = |page, shared| Tboot::At { page, shared };
    let whole = Some("overlaps tboot at 0x800000 + 0x228a000".to_owned());
    let last = 0x2a8_9000;
    assert_eq!(refusal(at(PAGE, Some(SHARED)), false, last), whole);
    // Words that cannot be true are none.
    for shared in [
        None,
        Some(SharedPage { size: 0, ..SHARED }),
        Some(SharedPage {
            size: PAGE as u32 - SHARED.base,
            ..SHARED
        }),
        Some(SharedPage {
            base: PAGE as u32 + 1,
            ..SHARED
        }),
    ] {
        assert_eq!(refusal(at(PAGE, shared), true, last), whole, "{shared:?}");
        let untold = "cannot be compared with tboot's memory: nothing tells where it ends";
        for at_all in [last, 0x1000_0000] {
            let found = refusal(at(PAGE, shared), false, at_all);
            assert_eq!(found.as_deref(), Some(untold), "{shared:?}");
        }
    }
    // The page's own bytes count to the last one; a map that ends in front of it does not tell.
    let short = SharedPage {
        size: PAGE as u32 + 1 - SHARED.base,
        ..SHARED
    };
    let ends = refusal(at(PAGE, Some(short)), false, PAGE);
    assert_eq!(
        ends.as_deref(),
        Some("overlaps tboot at 0x800000 + 0x1c73000")
    );
    assert!(refusal(at(0x2a8_a000, None), true, 0x1000_0000).is_some());
    assert!(refusal(at(!0xfff, None), true, 0x1000_0000).is_some());

    let log = |log| Some(SharedPage { log, ..SHARED });
    let default = Some("overlaps tboot's log at 0x60000 + 0x8000".to_owned());
    assert_eq!(refusal(at(PAGE, log(0)), true, 0x6_7000), default);
    assert_eq!(refusal(at(PAGE, None), true, 0x6_0000), default);
    let moved = refusal(at(PAGE, log(0x1000_0000)), true, 0x1000_7000);
    assert_eq!(
        moved.as_deref(),
        Some("overlaps tboot's log at 0x10000000 + 0x8000")
    );
    assert_eq!(refusal(at(PAGE, log(0x1000_0000)), true, 0x1000_8000), None);

    let unread = "cannot be compared with tboot's memory: the boot parameters could not be read";
    let found = refusal(Tboot::Unknown, true, 0x1000_0000);
    assert_eq!(found.as_deref(), Some(unread));
    assert_eq!(refusal(Tboot::Nowhere, false, 0x1000_0000), None);
    assert_eq!(refusal(at(PAGE, Some(SHARED)), true, 0x1000_0000), None);
}

/// What Linux's page tables translate is told by the unit, and by the mode that it is in.
#[test]
fn windows_end_where_the_tables_do() {
    let (scalable, first_stage, five) = (1 << 10, 1 << 47, 1 << 60);
    let mgaw = |bits: u64| (bits - 1) << 16;
    let (sagaw39, sagaw48, sagaw57) = (1 << 9, 1 << 10, 1 << 11);
    for (cap, ecap, rtaddr, bits) in [
        (mgaw(48) | sagaw48, 0, 0, 48),
        (mgaw(48) | sagaw39 | sagaw48, 0, 0, 48),
        (mgaw(48) | sagaw39, 0, 0, 39),
        (mgaw(46) | sagaw48, 0, 0, 46),
        (mgaw(57) | sagaw48, 0, 0, 48),
        (mgaw(57) | sagaw48 | sagaw57, 0, 0, 57),
        (mgaw(52) | sagaw57, 0, 0, 52),
        // First-stage tables: their own levels, half of their addresses, in scalable mode.
        (mgaw(48) | sagaw48, first_stage, scalable, 47),
        (mgaw(48), first_stage, scalable, 47),
        (mgaw(39) | sagaw48, first_stage, scalable, 38),
        (mgaw(48) | sagaw48 | five, first_stage, scalable, 47),
        (mgaw(57) | sagaw57 | five, first_stage, scalable, 56),
        (mgaw(52) | sagaw57 | five, first_stage, scalable, 51),
        (mgaw(57) | sagaw57, first_stage, scalable, 47),
        (mgaw(48) | sagaw48, 0, scalable, 48),
        (mgaw(48) | sagaw48, first_stage, 0, 48),
        (mgaw(48) | sagaw48, first_stage, scalable << 1, 48),
    ] {
        let mut board = board();
        // The narrowest unit counts.
        let wide = unit(mgaw(57) | sagaw57, 0, 0);
        board.machine.dma.units = Some(vec![wide, unit(cap, ecap, rtaddr)]);
        let at = |iova: u64| {
            planned(
                &window(&format!("0x10000000 + 4K r at {iova:#x}")),
                Some(&board),
            )
        };
        assert_eq!(
            at((1 << bits) - 4096),
            Ok(()),
            "{cap:#x} {ecap:#x} {rtaddr:#x}"
        );
        let above = format!(
            "line 4, column 29: the window at {:#x} + 0x1000 lies above the {bits} bits that are translated",
            1u64 << bits
        );
        assert_eq!(at(1 << bits), Err(above), "{cap:#x} {ecap:#x} {rtaddr:#x}");
    }
    // One that has no tables says nothing of windows.
    let mut board = board();
    board.machine.dma.units = Some(vec![unit(mgaw(48) | sagaw48, 0, 0), unit(mgaw(48), 0, 0)]);
    let last = window("0x10000000 + 4K r at 0xfffffffff000");
    assert_eq!(planned(&last, Some(&board)), Ok(()));
}

/// What becomes of the groups, one line each.
fn groups(text: &str, board: &Board) -> Vec<String> {
    let text = format!("version 1\n{text}");
    let policy = Policy::parse(text.as_bytes()).expect("well-formed");
    let mut lines = Vec::new();
    plan::groups(&sheet(&policy).statements(), board, |group| {
        let action = match group.action {
            plan::Action::Confine(compartment) => format!("confine in {}", compartment.name),
            action => action.words().to_owned(),
        };
        lines.push(format!(
            "{} {}: {action}: {}",
            group.first, group.members, group.reason
        ));
    })
    .expect("functions");
    lines
}

#[test]
fn each_group_gets_what_the_policy_says() {
    let board = board();
    let confined = format!(
        "arrivals quarantine\nunbound quarantine\n{REGION}compartment a {{\n\
         window 0x10000000 + 4K r\ndevice 0000:03:00.0\n}}\n"
    );
    assert_eq!(
        groups(&confined, &board),
        [
            "0000:00:00.0 1: leave: bridges only",
            "0000:00:02.0 1: leave: a display: only a compartment takes one",
            "0000:00:03.0 1: leave: a driver has it",
            "0000:00:05.0 1: cannot block: no IOMMU group: nothing stands in its way",
            "0000:00:06.0 1: block at settle: no driver has it",
            "0000:00:1c.0 1: leave: bridges only",
            "0000:00:1f.2 2: block at settle: no driver has it",
            "0000:02:00.1 1: block at load: it counts as an arrival, and has no driver",
            "0000:03:00.0 1: confine in a: a compartment names it",
        ]
    );
    let left = groups("", &board);
    assert!(
        left.iter().all(|line| line.contains(": leave: ")),
        "{left:?}"
    );
    assert!(left
        .iter()
        .any(|line| line.ends_with("the policy leaves it")));
}

/// What becomes of the groups of all functions in `situation`.
fn groups_in(text: &str, board: &Board, situation: &plan::Situation<'_>) -> Vec<String> {
    let text = format!("version 1\n{text}");
    let policy = Policy::parse(text.as_bytes()).expect("well-formed");
    let functions = board.machine.dma.functions.as_deref().unwrap();
    let mut lines = Vec::new();
    plan::groups_of(
        &sheet(&policy).statements(),
        functions,
        situation,
        |group| {
            lines.push(format!("{} {}", group.first, group.action.words()));
        },
    );
    lines
}

/// No exception and no compartment stands against a verdict that is not accepted.
#[test]
fn quarantine_takes_everything_that_no_driver_has() {
    let board = board();
    let policy = format!(
        "on-failure quarantine\nallow 8086:10d3\n{REGION}compartment a {{\n\
         window 0x10000000 + 4K r\ndevice 0000:03:00.0\n}}\n"
    );
    let quarantine = plan::Situation {
        quarantine: true,
        ..plan::Situation::CALM
    };
    assert_eq!(
        groups_in(&policy, &board, &quarantine),
        [
            "0000:00:00.0 leave",
            "0000:00:02.0 leave",
            "0000:00:03.0 leave",
            "0000:00:05.0 cannot block",
            "0000:00:06.0 block at settle",
            "0000:00:1c.0 leave",
            "0000:00:1f.2 block at settle",
            "0000:02:00.1 block at load",
            "0000:03:00.0 block at load",
        ]
    );
    let calm = groups_in(&policy, &board, &plan::Situation::CALM);
    assert!(
        calm.contains(&"0000:03:00.0 confine".to_owned()),
        "{calm:?}"
    );
    assert!(calm.contains(&"0000:00:06.0 leave".to_owned()), "{calm:?}");
}

/// What came after the module was loaded is an arrival, whatever it says it is.
#[test]
fn what_arrived_stays_an_arrival() {
    let board = board();
    let situation = plan::Situation {
        arrived: &[AT_PORT],
        ..plan::Situation::CALM
    };
    let policy = "arrivals quarantine\nallow 8086:10d3\n";
    let lines = groups_in(policy, &board, &situation);
    assert!(
        lines.contains(&"0000:03:00.0 block at load".to_owned()),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"0000:00:1f.2 leave".to_owned()),
        "{lines:?}"
    );
}

/// Bridges and displays are left out, and whoever brings a device chooses its class.
#[test]
fn a_class_excuses_no_foreign_device() {
    let arrived = plan::Situation {
        arrived: &[AT_PORT],
        ..plan::Situation::CALM
    };
    for class in [0x03_0000, 0x06_0000, 0x06_0400] {
        let mut board = board();
        let brought = |board: &mut Board, change: fn(&mut PciFunction)| {
            let list = board.machine.dma.functions.as_mut().unwrap();
            change(list.iter_mut().find(|one| one.bus == 3).unwrap());
        };
        let list = board.machine.dma.functions.as_mut().unwrap();
        list.iter_mut().find(|one| one.bus == 3).unwrap().class = class;
        let becomes = |board: &Board, situation: &plan::Situation<'_>| {
            let lines = groups_in(
                "arrivals quarantine\nunbound quarantine\n",
                board,
                situation,
            );
            lines
                .into_iter()
                .find(|line| line.starts_with("0000:03"))
                .unwrap()
        };
        assert_eq!(
            becomes(&board, &plan::Situation::CALM),
            "0000:03:00.0 leave",
            "{class:x}"
        );
        assert_eq!(
            becomes(&board, &arrived),
            "0000:03:00.0 block at load",
            "{class:x}"
        );
        brought(&mut board, |one| one.untrusted = true);
        let found = becomes(&board, &plan::Situation::CALM);
        assert_eq!(found, "0000:03:00.0 block at load", "{class:x}");
        // The kernel takes for a bridge what has a bridge's header.
        brought(&mut board, |one| one.bridge = true);
        assert_eq!(becomes(&board, &arrived), "0000:03:00.0 leave", "{class:x}");
    }
}

/// A function that joined the group of a device in a compartment takes its windows away.
#[test]
fn a_group_that_grew_is_not_confined() {
    let mut board = board();
    let mut joined = function(3, 1, 0, 7);
    joined.group_size = 2;
    board.machine.dma.functions.as_mut().unwrap().push(joined);
    let policy =
        format!("{REGION}compartment a {{\nwindow 0x10000000 + 4K r\ndevice 0000:03:00.0\n}}\n");
    let lines = groups_in(&policy, &board, &plan::Situation::CALM);
    assert!(
        lines.contains(&"0000:03:00.0 block at load".to_owned()),
        "{lines:?}"
    );
}

/// Who would be confined with a device is said by name, up to a point.
#[test]
fn a_shared_group_is_refused_with_its_members() {
    let named = |others: &[(u8, u8)], size: u32| {
        let mut board = board();
        let functions = board.machine.dma.functions.as_mut().unwrap();
        let group = 77;
        functions.push(PciFunction {
            group_size: size,
            ..function(9, 0, 0, group)
        });
        let others = others
            .iter()
            .map(|(slot, number)| function(9, *slot, *number, group));
        functions.extend(others);
        let text = format!(
            "{REGION}compartment a {{\nwindow 0x10000000 + 4K r\ndevice 0000:09:00.0\n}}\n"
        );
        planned(&text, Some(&board)).expect_err("shared")
    };
    let prefix = "line 5, column 8: 0000:09:00.0 shares IOMMU group 77 with ";
    for (others, size, list) in [
        (&[(1, 1)][..], 2, "0000:09:01.1"),
        (&[(0, 1), (0, 2), (1, 0)], 4, "0000:09:00.1,2 0000:09:01.0"),
        (
            &[(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (0, 7)],
            8,
            "0000:09:00.1,2,3,4,5,6,7",
        ),
        (
            &[(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (2, 2)],
            7,
            "0000:09:01.0 0000:09:02.0,1 and 3 more",
        ),
        (&[], 2, "devices that are no PCI functions"),
    ] {
        assert_eq!(named(others, size), format!("{prefix}{list}"));
    }
}

/// A budget that was exceeded takes the windows of its group, and nothing of the others.
#[test]
fn a_group_over_its_budget_is_not_confined() {
    let board = board();
    let policy =
        format!("{REGION}compartment a {{\nwindow 0x10000000 + 4K r\ndevice 0000:03:00.0\n}}\n");
    let over = |functions| plan::Situation {
        over_budget: functions,
        ..plan::Situation::CALM
    };
    let calm = groups_in(&policy, &board, &plan::Situation::CALM);
    let mut expected = calm.clone();
    for line in &mut expected {
        if line.as_str() == "0000:03:00.0 confine" {
            *line = "0000:03:00.0 block at load".to_owned();
        }
    }
    assert_ne!(expected, calm);
    let all: Vec<Address> = (0..=u8::MAX)
        .flat_map(|bus| {
            (0..=u8::MAX).map(move |devfn| Address {
                bus,
                devfn,
                ..AT_PORT
            })
        })
        .collect();
    assert_eq!(groups_in(&policy, &board, &over(&all)), expected);
    let others: Vec<Address> = all.iter().copied().filter(|at| *at != AT_PORT).collect();
    assert_eq!(groups_in(&policy, &board, &over(&others)), calm, "others");
    // It went and came back: its group has another number.
    let mut back = board;
    let list = back.machine.dma.functions.as_mut().unwrap();
    list.iter_mut().find(|one| one.bus == 3).unwrap().group = Some(99);
    assert_eq!(groups_in(&policy, &back, &over(&[AT_PORT])), expected);
}

/// What arrives in the group of a function that has a driver cannot be blocked, and that is said.
#[test]
fn an_arrival_beside_a_driver_is_not_passed_over() {
    /// The slot of [`AT_PORT`]: what was there, and what arrived, each with a driver or without.
    fn slot(before: bool, arrived: bool) -> Board {
        let mut board = board();
        let list = board.machine.dma.functions.as_mut().unwrap();
        list.iter_mut().find(|one| one.bus == 3).unwrap().driver = arrived;
        let mut neighbour = function(3, 0, 1, 7);
        neighbour.driver = before;
        list.push(neighbour);
        board
    }
    let situation = plan::Situation {
        arrived: &[AT_PORT],
        ..plan::Situation::CALM
    };
    let quarantine = plan::Situation {
        quarantine: true,
        ..situation
    };
    let becomes = |policy: &str, board: &Board, situation: &plan::Situation<'_>| {
        let lines = groups_in(policy, board, situation);
        let line = lines.into_iter().find(|line| line.starts_with("0000:03"));
        line.unwrap()["0000:03:00.0 ".len()..].to_owned()
    };
    let policy = "arrivals quarantine\nallow 8086:10d3\n";
    for (before, arrived, expected) in [
        (true, false, "cannot block"),
        (true, true, "cannot block"),
        (false, false, "block at load"),
        // It was there before the policy, or nobody blocked it: its driver is its own.
        (false, true, "leave"),
    ] {
        let board = slot(before, arrived);
        assert_eq!(becomes(policy, &board, &situation), expected);
        assert_eq!(becomes("", &board, &quarantine), expected);
        assert_eq!(becomes("", &board, &situation), "leave", "it may arrive");
    }
    let board = slot(true, false);
    assert_eq!(
        becomes(policy, &board, &plan::Situation::CALM),
        "leave",
        "it was there"
    );
    let excepted = "arrivals quarantine\nallow path 0000:00:1c.0/00.0\n";
    assert_eq!(becomes(excepted, &board, &situation), "leave");
    assert_eq!(becomes(excepted, &board, &quarantine), "cannot block");
    assert_eq!(
        becomes(
            "arrivals quarantine\nallow path 0000:00:1c.0/00.1\n",
            &board,
            &situation
        ),
        "cannot block",
        "the exception is the neighbour's"
    );
}

/// Who is blocked as it arrives, and why: the same words as afterwards.
#[test]
fn an_arrival_is_blocked_for_what_blocks_it() {
    let compartment =
        format!("{REGION}compartment a {{\nwindow 0x10000000 + 4K r\ndevice 0000:03:00.0\n}}\n");
    let path = DevicePath::parse("0000:00:1c.0/00.0").unwrap();
    let reason = |text: &str, at: Address, quarantine: bool| {
        let text = format!("version 1\n{text}");
        let policy = Policy::parse(text.as_bytes()).unwrap();
        plan::blocks_arrival(&policy, at, Some(&path), quarantine)
    };
    let other = Address {
        devfn: 1,
        ..AT_PORT
    };
    let unacceptable = Some("the policy does not accept the verdict");
    assert_eq!(reason("", AT_PORT, false), None);
    assert_eq!(reason("", AT_PORT, true), unacceptable);
    assert_eq!(
        reason(&compartment, AT_PORT, false),
        Some("a compartment names it")
    );
    assert_eq!(reason(&compartment, other, false), None);
    assert_eq!(reason(&compartment, AT_PORT, true), unacceptable);
    assert_eq!(
        reason("arrivals quarantine\n", other, false),
        Some("it arrives")
    );
    let excepted = "arrivals quarantine\nallow path 0000:00:1c.0/00.0\n";
    assert_eq!(reason(excepted, other, false), None);
    assert_eq!(reason(excepted, other, true), unacceptable);
}

/// Whoever brings a device chooses its ids: they count only for what was there, and is trusted.
#[test]
fn ids_excuse_no_foreign_device_and_no_group_by_halves() {
    let mut board = board();
    let line = |board: &Board, policy: &str, at: &str| {
        let lines = groups(policy, board);
        lines
            .into_iter()
            .find(|line| line.starts_with(at))
            .expect("a group")
    };
    let policy = "arrivals quarantine\nunbound quarantine\nallow 8086:10d3\n";
    assert!(line(&board, policy, "0000:03").contains("leave: the policy makes an exception"));
    assert!(line(&board, policy, "0000:02").contains("block at load"));
    let list = board.machine.dma.functions.as_mut().unwrap();
    list.iter_mut().find(|one| one.bus == 3).unwrap().untrusted = true;
    list.iter_mut()
        .find(|one| one.devfn == 0xfb)
        .unwrap()
        .device = 1;
    assert!(line(&board, policy, "0000:03").contains("block at load"));
    assert!(line(&board, policy, "0000:00:1f.2").contains("block at settle"));
    // The slot is the owner's choice.
    let path = "arrivals quarantine\nallow path 0000:00:1c.0/00.0\n";
    assert!(line(&board, path, "0000:03").contains("leave: the policy makes an exception"));
    let other = "arrivals quarantine\nallow path 0000:00:1c.1/00.0\n";
    assert!(line(&board, other, "0000:03").contains("block at load"));
}

/// Buses below a port get other numbers when something else is plugged in: a path stays.
#[test]
fn paths_lead_through_every_bridge() {
    let bridge = |bus: u8, device: u8, buses: (u8, u8)| {
        let mut bridge = function(bus, device, 0, 1);
        (bridge.bridge, bridge.buses) = (true, Some(buses));
        bridge
    };
    let mut other = function(7, 0, 0, 9);
    other.segment = 0x10000;
    let mut all = vec![
        bridge(0, 0x1c, (3, 7)),
        bridge(3, 0, (4, 7)),
        bridge(4, 2, (5, 6)),
        bridge(4, 3, (7, 7)),
        function(5, 0, 1, 2),
        function(7, 0x1f, 7, 3),
        function(0, 2, 0, 4),
        // Its bus has no bridge of its own: a virtual function beyond the first 256.
        function(6, 0, 0, 5),
        other,
    ];
    let paths = |all: &[PciFunction]| -> Vec<String> {
        all[4..]
            .iter()
            .map(|function| plan::path(all, function).expect("short").to_string())
            .collect()
    };
    assert_eq!(
        paths(&all),
        [
            "0000:00:1c.0/00.0/02.0/00.1",
            "0000:00:1c.0/00.0/03.0/1f.7",
            "0000:00:02.0",
            "0000:00:1c.0/00.0/02.0/00.0",
            "10000:07:00.0",
        ]
    );
    // A path that a policy cannot say: nine bridges.
    for bus in 0..9 {
        all.push(bridge(0x20 + bus, 0, (0x21 + bus, 0x40)));
    }
    let deep = function(0x29, 0, 0, 6);
    all.push(deep);
    assert_eq!(plan::path(&all, &deep), None);
}

#[test]
fn what_arrives_is_known_by_its_path_only() {
    let text = b"version 1\narrivals quarantine\nallow 8086:10d3\nallow path 0000:00:1c.0/00.0\n";
    let policy = Policy::parse(text).unwrap();
    let arrive = |path: Option<&str>| {
        let path = path.map(|path| DevicePath::parse(path).unwrap());
        plan::arrival(&policy, path.as_ref()).0.words()
    };
    assert_eq!(arrive(Some("0000:00:1c.0/00.0")), "leave");
    assert_eq!(arrive(Some("0000:00:1c.0/00.1")), "block on arrival");
    assert_eq!(arrive(Some("0000:00:1c.0/00.0/00.0")), "block on arrival");
    assert_eq!(arrive(None), "block on arrival");
    let open = Policy::parse(b"version 1\n").unwrap();
    assert_eq!(plan::arrival(&open, None).0.words(), "leave");
}

/// A window as it is written, and as it must be read: base page, pages, writable, address page.
type Row = (u64, u64, bool, Option<u64>);

proptest! {
    /// However many functions there are and whichever of them a policy names: those, and no others.
    #[test]
    fn who_is_named_is_confined_and_nobody_else(
        places in proptest::collection::hash_set((0u32..3, any::<u8>(), any::<u8>()), 1..300),
        count in 1usize..32,
    ) {
        let places: Vec<_> = places.into_iter().collect();
        let mut board = board();
        let numbered = places.iter().zip(0..);
        board.machine.dma.functions = Some(numbered.map(|(&(segment, bus, devfn), group)| {
            PciFunction { segment, devfn, ..function(bus, 0, 0, group) }
        }).collect());
        let count = count.min(places.len());
        let mut text = REGION.to_owned();
        for (number, (segment, bus, devfn)) in places[..count].iter().enumerate() {
            text += &format!(
                "compartment c{number} {{\nwindow 0x10000000 + 4K r\ndevice {segment:04x}:{bus:02x}:{:02x}.{}\n}}\n",
                devfn >> 3,
                devfn & 7
            );
        }
        let found: Vec<_> = groups(&text, &board)
            .into_iter()
            .enumerate()
            .filter_map(|(group, line)| line.contains(": confine in ").then_some(group))
            .collect();
        prop_assert_eq!(found, (0..count).collect::<Vec<_>>());
    }

    /// What is written is read, and windows are refused exactly when two of them overlap: by page
    /// sets, not by the comparison of ends that the plan uses.
    #[test]
    fn overlaps_are_found_and_nothing_else(
        rows in proptest::collection::vec((0u64..64, 1u64..8, any::<bool>(), proptest::option::of(0u64..64)), 1..8)
    ) {
        let mut text = format!("version 1\n{REGION}compartment a {{\n");
        for (base, pages, writable, at) in &rows {
            let access = if *writable { "rw" } else { "r" };
            text += &format!("window {:#x} + {}K {access}", 0x1000_0000 + base * 4096, pages * 4);
            if let Some(at) = at {
                text += &format!(" at {}", at * 4096);
            }
            text += "\n";
        }
        text += "device 0000:03:00.0\n}\n";
        let policy = Policy::parse(text.as_bytes()).expect("well-formed");
        let read: Vec<Row> = policy
            .compartments()
            .next()
            .expect("a compartment")
            .windows()
            .map(|w| {
                let at = (w.iova_place != w.base_place).then_some(w.iova / 4096);
                ((w.base - 0x1000_0000) / 4096, w.size / 4096, w.writable, at)
            })
            .collect();
        prop_assert_eq!(&read, &rows);
        let mut pages = std::collections::HashSet::new();
        let disjoint = rows.iter().all(|(base, count, _, at)| {
            let first = at.unwrap_or(0x1_0000 + base);
            (first..first + count).all(|page| pages.insert(page))
        });
        prop_assert_eq!(plan::check(&sheet(&policy).statements(), None).is_ok(), disjoint);
    }
}

#[test]
fn a_budget_is_for_each_time_by_itself() {
    let budget = FaultBudget {
        faults: 3,
        seconds: 10,
    };
    let mut meter = Meter::NEW;
    assert!(!meter.count(budget, 50_000, 1));
    assert!(!meter.count(budget, 59_999, 2), "three are within it");
    assert!(meter.count(budget, 59_999, 1), "the fourth is not");
    assert!(
        !meter.count(budget, 60_000, 1),
        "ten seconds after the first a new time begins"
    );
    assert!(!meter.count(budget, 69_999, 2));
    assert!(!meter.count(budget, 80_000, 3));
    assert!(
        meter.count(budget, 80_000, u64::MAX),
        "no number is too large"
    );
    // A clock that goes back begins no new time.
    assert!(meter.count(budget, 0, 1));
}

/// Full of requesters, the list takes a new one for one that is counted already.
#[test]
fn a_new_requester_takes_the_place_of_one_that_was_judged() {
    let standing = |judged, attributed, last| Standing {
        judged,
        attributed,
        last,
    };
    let place = |list: &[Standing]| plan::gives_way(list.iter().copied());
    assert_eq!(place(&[]), None);
    assert_eq!(
        place(&[standing(false, true, 1), standing(false, false, 2)]),
        None
    );
    let mut list = vec![
        standing(false, false, 1),
        standing(true, true, 5),
        standing(true, true, 3),
        standing(true, true, 4),
    ];
    assert_eq!(place(&list), Some(2), "the quietest");
    list.push(standing(true, false, 9));
    assert_eq!(place(&list), Some(4), "nobody's");
    // A device that changes its id each time drives out itself, not one that goes on.
    let mut sources: Vec<_> = (0..8).map(|id| (id, standing(true, true, id))).collect();
    for now in 8..100 {
        if now % 4 == 0 {
            sources.iter_mut().find(|one| one.0 == 0).unwrap().1.last = now;
        }
        let place = plan::gives_way(sources.iter().map(|one| one.1)).unwrap();
        sources[place] = (now, standing(true, true, now));
    }
    assert!(sources.iter().any(|one| one.0 == 0));
}

/// What could not be blocked when it came, and has a driver now, is not passed over either.
#[test]
fn an_arrival_that_a_driver_got_is_not_passed_over() {
    let mut board = board();
    let list = board.machine.dma.functions.as_mut().unwrap();
    let driven = |list: &mut [PciFunction], driver| {
        list.iter_mut().find(|one| one.bus == 3).unwrap().driver = driver;
    };
    driven(list, true);
    let arrived = plan::Situation {
        arrived: &[AT_PORT],
        ..plan::Situation::CALM
    };
    let slipped = plan::Situation {
        slipped: &[AT_PORT],
        ..arrived
    };
    let becomes = |policy: &str, board: &Board, situation: &plan::Situation<'_>| {
        let lines = groups_in(policy, board, situation);
        let line = lines.into_iter().find(|line| line.starts_with("0000:03"));
        line.unwrap()["0000:03:00.0 ".len()..].to_owned()
    };
    let policy = "arrivals quarantine\n";
    assert_eq!(becomes(policy, &board, &arrived), "leave");
    assert_eq!(becomes(policy, &board, &slipped), "cannot block");
    // What it says it is excuses nobody who arrived; its path does.
    let ids = "arrivals quarantine\nallow 8086:10d3\n";
    assert_eq!(becomes(ids, &board, &slipped), "cannot block");
    let path = "arrivals quarantine\nallow path 0000:00:1c.0/00.0\n";
    assert_eq!(becomes(path, &board, &slipped), "leave");
    let quarantine = plan::Situation {
        quarantine: true,
        ..slipped
    };
    assert_eq!(becomes(path, &board, &quarantine), "cannot block");
    // Another policy, which has nothing against it, and the end of its driver.
    assert_eq!(becomes("unbound leave\n", &board, &slipped), "leave");
    driven(board.machine.dma.functions.as_mut().unwrap(), false);
    assert_eq!(becomes(policy, &board, &slipped), "block at load");
}
