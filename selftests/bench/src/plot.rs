// SPDX-License-Identifier: GPL-2.0

//! One plot for a table: times over a size where that spans more than a decade, else ratios.
//!
//! SVG whose text is left to whoever shows it: nothing here reads a font, so the same samples give
//! the same bytes everywhere.

use crate::figures::Bound;
use crate::format::Table;
use crate::numbers;
use crate::stats::Quartiles;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;

/// Colours that people with any kind of colour vision tell apart (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
/// What the goals are drawn in.
const GOAL: RGBColor = RGBColor(200, 0, 0);
const FONT: &str = "sans-serif";
const WIDTH: u32 = 720;

type Failure = Box<dyn Error + Send + Sync>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A point with its whisker: x, and the quartiles.
type Point = (f64, Quartiles);

/// The plot of `table` as SVG; `None` where there is nothing to draw: a table without ratios and
/// without an x that spans a decade.
///
/// # Errors
///
/// When the drawing library cannot draw it.
pub fn plot(table: &Table) -> Result<Option<String>, Failure> {
    if let Some(lines) = over_x(table) {
        return draw((WIDTH, 440), |area| draw_over_x(area, table, &lines)).map(Some);
    }
    let marks = marks(table);
    if marks.is_empty() {
        return Ok(None);
    }
    let height = 100 + 22 * u32::try_from(marks.len() + table.pairs().len())?;
    draw((WIDTH, height), |area| draw_ratios(area, table, &marks)).map(Some)
}

fn draw(
    size: (u32, u32),
    content: impl FnOnce(&Area<'_>) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)?;
        content(&area)?;
        area.present()?;
    }
    Ok(format!(
        "<!-- SPDX-License-Identifier: GPL-2.0 -->\n{}\n",
        svg.trim_end()
    ))
}

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// The line of each contender, where the rows' x spans a decade or more and nothing is 0.
fn over_x(table: &Table) -> Option<Vec<(&str, Vec<Point>)>> {
    let places: Option<Vec<f64>> = table.rows.iter().map(|row| row.x).collect();
    let (least, most) = range(places?.into_iter())?;
    if least <= 0.0 || most / least < 10.0 {
        return None;
    }
    let line = |contender: &String| -> Vec<Point> {
        table
            .rows
            .iter()
            .filter_map(|row| Some((row.x?, row.quartiles(contender)?)))
            .collect()
    };
    let lines: Vec<_> = table
        .contenders
        .iter()
        .map(|contender| (contender.as_str(), line(contender)))
        .collect();
    let positive = |(_, line): &(_, Vec<Point>)| line.iter().all(|(_, value)| value.low > 0.0);
    lines.iter().all(positive).then_some(lines)
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((least, most)) => Some((f64::min(least, value), f64::max(most, value))),
    })
}

/// `range` with some room on both sides, on a logarithmic axis.
fn roomy((least, most): (f64, f64), room: f64) -> std::ops::Range<f64> {
    least / room..most * room
}

fn draw_over_x(
    area: &Area<'_>,
    table: &Table,
    lines: &[(&str, Vec<Point>)],
) -> Result<(), Failure> {
    let points = || lines.iter().flat_map(|(_, line)| line);
    let xs = range(points().map(|(x, _)| *x)).ok_or("no samples")?;
    let ys = range(points().flat_map(|(_, y)| [y.low, y.high])).ok_or("no samples")?;
    let mut chart = ChartBuilder::on(area)
        .caption(&table.title, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(90)
        .build_cartesian_2d(roomy(xs, 1.6).log_scale(), roomy(ys, 1.6).log_scale())?;
    let axis = table.x.as_ref();
    let unit = axis.map_or("", |axis| &axis.unit);
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .x_labels(8)
        .y_labels(8)
        .x_desc(axis.map_or("", |axis| &axis.name))
        .x_label_formatter(&|x| numbers::quantity(*x, unit))
        .y_label_formatter(&|y| numbers::quantity(*y, &table.unit))
        .label_style((FONT, 13))
        .draw()?;
    for (index, (name, line)) in lines.iter().enumerate() {
        let colour = colour(index);
        let medians: Vec<_> = line.iter().map(|(x, y)| (*x, y.median)).collect();
        chart
            .draw_series([PathElement::new(medians.clone(), colour.stroke_width(2))])?
            .label(*name)
            .legend(move |(x, y)| {
                PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
            });
        chart.draw_series(
            medians
                .into_iter()
                .map(|point| Circle::new(point, 4, colour.filled())),
        )?;
        chart.draw_series(line.iter().map(|(x, y)| {
            PathElement::new(vec![(*x, y.low), (*x, y.high)], colour.stroke_width(1))
        }))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 13))
        .draw()?;
    Ok(())
}

/// A line of a plot of ratios.
struct Mark {
    label: String,
    /// Which of the table's pairs.
    pair: usize,
    ratio: Quartiles,
    bound: Option<f64>,
}

/// The lines from top to bottom: row by row, and in each the pairs.
fn marks(table: &Table) -> Vec<Mark> {
    let mut marks = Vec::new();
    for row in &table.rows {
        for (index, pair) in table.pairs().iter().enumerate() {
            let Some(ratio) = row.ratio(&pair.of, &pair.over) else {
                continue;
            };
            let goal = table.goals.iter().find(|goal| {
                let judged = goal.rows.is_empty() || goal.rows.contains(&row.name);
                judged && goal.of == pair.of && goal.over == pair.over
            });
            marks.push(Mark {
                label: row.name.clone(),
                pair: index,
                ratio,
                bound: goal
                    .and_then(|goal| Bound::given(goal.at_most, goal.at_least))
                    .map(Bound::value),
            });
        }
    }
    marks
}

fn draw_ratios(area: &Area<'_>, table: &Table, marks: &[Mark]) -> Result<(), Failure> {
    let values = marks.iter().flat_map(|mark| {
        let Quartiles { low, high, .. } = mark.ratio;
        [low, high].into_iter().chain(mark.bound)
    });
    let (least, most) = range(values.chain([1.0])).ok_or("no samples")?;
    if least > 0.0 && most / least >= 10.0 {
        draw_marks(area, table, marks, roomy((least, most), 1.2).log_scale())
    } else {
        let room = (most - least).max(0.02) * 0.08;
        draw_marks(area, table, marks, least - room..most + room)
    }
}

fn draw_marks<X>(area: &Area<'_>, table: &Table, marks: &[Mark], xs: X) -> Result<(), Failure>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: ValueFormatter<f64>,
{
    let longest = marks.iter().map(|mark| mark.label.chars().count()).max();
    let room = 20 + 7 * u32::try_from(longest.unwrap_or(0).min(45))?;
    // The axis counts from the bottom; above the lines there is room for what the colours mean.
    let last = marks.len() - 1;
    let top = last + table.pairs().len();
    let place = |index: usize| last - index;
    let mut chart = ChartBuilder::on(area)
        .caption(&table.title, (FONT, 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(room)
        .build_cartesian_2d(xs, (0..top).into_segmented())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(8)
        .y_labels(top + 1)
        .x_desc("ratio: median and quartiles; red: the goal")
        .x_label_formatter(&|x| numbers::plain(*x))
        .y_label_formatter(&|y| match y {
            SegmentValue::CenterOf(y) => last
                .checked_sub(*y)
                .and_then(|index| marks.get(index))
                .map_or(String::new(), |mark| mark.label.clone()),
            _ => String::new(),
        })
        .label_style((FONT, 13))
        .draw()?;
    let across = |x: f64, place: usize| {
        vec![
            (x, SegmentValue::Exact(place)),
            (x, SegmentValue::Exact(place + 1)),
        ]
    };
    chart.draw_series((0..=last).map(|y| PathElement::new(across(1.0, y), BLACK.mix(0.5))))?;
    chart.draw_series(marks.iter().enumerate().filter_map(|(index, mark)| {
        let line = across(mark.bound?, place(index));
        Some(PathElement::new(line, GOAL.stroke_width(2)))
    }))?;
    for (number, pair) in table.pairs().into_iter().enumerate() {
        let colour = colour(number);
        let of_pair = || {
            let all = marks.iter().enumerate();
            all.filter(move |(_, mark)| mark.pair == number)
        };
        chart
            .draw_series(of_pair().map(|(index, mark)| {
                let y = SegmentValue::CenterOf(place(index));
                let ends = vec![(mark.ratio.low, y.clone()), (mark.ratio.high, y)];
                PathElement::new(ends, colour.stroke_width(2))
            }))?
            .label(format!("{} / {}", pair.of, pair.over))
            .legend(move |(x, y)| Circle::new((x + 9, y), 4, colour.filled()));
        chart.draw_series(of_pair().map(|(index, mark)| {
            let y = SegmentValue::CenterOf(place(index));
            Circle::new((mark.ratio.median, y), 4, colour.filled())
        }))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font((FONT, 13))
        .draw()?;
    Ok(())
}
