//! A duty officer's small table, made into a whole one: what is the same in every row need not be written.

use crate::model::{Millis, Period, PeriodKind};
use crate::node::engine::NodeError;

/// The largest table, in bytes.
pub const MAX_TABLE: u64 = 8 << 20;

/// A table with the columns that it lacks: the reporter is the node's country, the basis is citizenship, the period is
/// the time of observation, to the second for border crossings and to the day for all else, the frequency is the
/// period's.
///
/// # Errors
/// [`NodeError::Refused`] when it is no table.
pub fn complete(text: &str, country: &str, observed: Millis) -> Result<String, NodeError> {
    let refuse = |error: csv::Error| NodeError::Refused(format!("the table cannot be read: {error}"));
    let head = text.lines().next().unwrap_or_default();
    let count = |c: char| head.matches(c).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter as u8)
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let Some(header) = rows.next().transpose().map_err(refuse)? else { return Ok(String::new()) };
    let mut names: Vec<String> =
        header.iter().map(|name| name.trim().trim_start_matches('\u{feff}').to_owned()).collect();
    let place = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let (indicator, period, freq) = (place("INDICATOR"), place("TIME_PERIOD"), place("FREQ"));
    let lacking: Vec<&str> = ["REF_AREA", "BASIS", "TIME_PERIOD", "FREQ"]
        .into_iter()
        .filter(|name| place(name).is_none())
        .collect();
    let width = names.len();
    names.extend(lacking.iter().map(|name| (*name).to_owned()));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&names).map_err(refuse)?;
    for row in rows {
        let row = row.map_err(refuse)?;
        let field = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default().trim();
        let mut fields: Vec<String> = row.iter().map(str::to_owned).collect();
        if fields.len() > width {
            // What has a field too many is for the check to find, with its line.
            writer.flush().map_err(|error| refuse(error.into()))?;
            return Ok(text.to_owned());
        }
        fields.resize(width, String::new());
        let time = match period {
            Some(_) => field(period).to_owned(),
            None => time_of(field(indicator), observed)?,
        };
        for name in &lacking {
            fields.push(match *name {
                "REF_AREA" => country.to_owned(),
                "BASIS" => "CIT".to_owned(),
                "TIME_PERIOD" => time.clone(),
                _ => Period::parse(&time).map_or_else(|_| String::new(), |period| period.freq().to_owned()),
            });
        }
        debug_assert!(freq.is_none() || !lacking.contains(&"FREQ"), "a column is not added twice");
        writer.write_record(&fields).map_err(refuse)?;
    }
    let bytes = writer.into_inner().map_err(|error| NodeError::Refused(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| NodeError::Refused(error.to_string()))
}

fn time_of(indicator: &str, observed: Millis) -> Result<String, NodeError> {
    let period = match indicator {
        "CR_BORDER" => Period::from_ordinal(PeriodKind::Moment, observed.0.div_euclid(1000))?,
        _ => Period::from_ordinal(PeriodKind::Day, observed.0.div_euclid(86_400_000))?,
    };
    Ok(period.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_in_every_row_need_not_be_written() {
        let observed = Millis::parse("2011-03-02T04:30:00Z").unwrap();
        let small = "INDICATOR,COUNTERPART_AREA,OBS_VALUE\nCR_BORDER,XOA,12\nCR_NEED,XOA,40\n";
        let whole = complete(small, "XTA", observed).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        assert_eq!(lines[0], "INDICATOR,COUNTERPART_AREA,OBS_VALUE,REF_AREA,BASIS,TIME_PERIOD,FREQ");
        assert_eq!(lines[1], "CR_BORDER,XOA,12,XTA,CIT,2011-03-02T04:30:00,H");
        assert_eq!(lines[2], "CR_NEED,XOA,40,XTA,CIT,2011-03-02,D");
        let dated = complete("INDICATOR;TIME_PERIOD;OBS_VALUE\nCR_ARRIV;2011-03-01;1\n", "XOA", observed);
        assert!(dated.unwrap().ends_with("CR_ARRIV,2011-03-01,1,XOA,CIT,D\n"));
        assert_eq!(complete("", "XTA", observed).unwrap(), "");
    }
}
