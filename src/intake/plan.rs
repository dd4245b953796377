//! The plan of a table: what each column is for, worked out once from the header.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::intake::batch::Row;
use crate::intake::concept::{self, Concept};
use crate::intake::contributions::{self, MAX_CONTRIBUTIONS};
use crate::intake::draft::ValueColumn;
use crate::intake::finding::Findings;
use crate::intake::mapping::{COUNTRY, Mapping, Scheme, Wide, Words};
use crate::intake::number::Numbers;
use crate::intake::rows::Header;
use crate::intake::sdmx_csv::{self, Form, Role};
use crate::intake::{MAX_COLUMNS, Rules};
use crate::model::codelist::{self, Language};
use crate::model::dimension::DIMENSIONS;
use crate::model::{Attachment, AttributeId, Dimension, Known, ObsStatus, Period, personal};

/// Columns that `corridor get` and the API write around those of the data structure.
const AROUND: [&str; 4] = ["publisher", "agreement", "released_at", "entry"];

/// Where everything in a row is found.
#[derive(Debug)]
pub(super) struct Plan {
    /// The header.
    pub(super) names: Vec<String>,
    /// Which rows are read.
    pub(super) conditions: Vec<Condition>,
    /// By dimension.
    pub(super) dimensions: [Origin; DIMENSIONS],
    /// Attributes of the series.
    pub(super) attributes: Vec<(AttributeId, Origin)>,
    /// The column with the period, unless the value columns are named by periods.
    pub(super) period: Option<usize>,
    /// The columns with values.
    pub(super) cells: Vec<Cell>,
    /// Codes that hold for some of the value columns.
    pub(super) groups: Vec<Vec<(Dimension, String)>>,
    /// `OBS_STATUS`, `CONF_STATUS` and `REVISION`, where the table has them.
    pub(super) status: Option<Column>,
    pub(super) conf: Option<Column>,
    pub(super) revision: Option<Column>,
    /// Other attributes of observations.
    pub(super) remarks: Vec<(AttributeId, Column)>,
    /// The columns with the contributions to a row's value, the largest first.
    pub(super) contributions: Vec<usize>,
    /// Words for "no value", and the status they stand for.
    pub(super) missing: Vec<(Vec<u8>, Option<ObsStatus>)>,
    /// Is a missing value without a status left out, or an error?
    pub(super) skips_missing: bool,
    /// The column with what is to be done with a row, in SDMX-CSV.
    pub(super) action: Option<usize>,
    /// How values are written.
    pub(super) numbers: Numbers,
    /// Are letters after values and in the column of the status flags?
    pub(super) flags: bool,
    /// Is a text that begins as a formula one?
    pub(super) is_sheet: bool,
    /// Are rows of other countries left out?
    pub(super) own: bool,
    /// Are several values for one period parts of one?
    pub(super) sums: bool,
}

impl Plan {
    /// The columns with values, and of what they are where their names say so.
    pub(super) fn value_columns(&self) -> Vec<ValueColumn> {
        let column = |cell: &Cell| ValueColumn {
            name: self.names[cell.at].clone(),
            period: cell.period,
            codes: self.groups.get(usize::from(cell.group)).cloned().unwrap_or_default(),
        };
        self.cells.iter().map(column).collect()
    }
}

/// Where a code comes from.
#[derive(Debug, Clone, Default)]
pub(super) enum Origin {
    /// Nowhere: the usual code is taken.
    #[default]
    Absent,
    /// The same in the whole file.
    Constant(String),
    /// A column.
    Column(Column),
}

/// A column and how its words become codes.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) at: usize,
    words: HashMap<String, String>,
    scheme: Option<Scheme>,
    form: Form,
}

/// A column with values.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) at: usize,
    /// The period in the column's name.
    pub(super) period: Option<Period>,
    /// Its place in [`Plan::groups`].
    pub(super) group: u16,
}

/// A row is read if the column has one of the words, or none of them.
#[derive(Debug)]
pub(super) struct Condition {
    at: usize,
    words: HashSet<Vec<u8>>,
    wanted: bool,
}

impl Condition {
    pub(super) fn holds(&self, row: Row<'_>) -> bool {
        let field = row.get(self.at).trim_ascii();
        self.words.contains(field) == self.wanted
    }
}

impl Column {
    fn plain(at: usize) -> Self {
        Self::written(at, Form::default())
    }

    /// A column whose cells are written in this form.
    fn written(at: usize, form: Form) -> Self {
        Self { at, words: HashMap::new(), scheme: None, form }
    }

    /// What stands in a cell, without the blanks around it, if they are none of it.
    pub(super) fn field<'r>(&self, row: Row<'r>) -> &'r [u8] {
        let field = row.get(self.at);
        let trimmed = field.trim_ascii();
        if self.form.keeps_blanks() && !trimmed.is_empty() { field } else { trimmed }
    }

    /// Why a cell cannot be taken as one value.
    pub(super) fn refuses(&self, word: &str) -> Option<String> {
        self.form.refuses(word)
    }

    /// The code for a word of the file; a word that is not known stays, so that the finding shows it.
    pub(super) fn code<'a>(&'a self, word: &'a str) -> &'a str {
        if let Some(code) = self.words.get(word) {
            return code;
        }
        let word = self.form.said(word);
        let code = match self.scheme {
            None | Some(Scheme::Alpha3) => None,
            Some(Scheme::Alpha2) => codelist::area_from_alpha2(word),
            Some(Scheme::Numeric) => codelist::area_from_numeric(&format!("{word:0>3}")),
            Some(Scheme::Name) => area_named(word),
        };
        code.unwrap_or(word)
    }
}

fn area_named(name: &str) -> Option<&'static str> {
    let languages = [Language::En, Language::Fr, Language::Es, Language::Ar];
    let wanted = name.to_lowercase();
    let named = |code: &codelist::Code| {
        languages.iter().filter_map(|l| code.name_in(*l)).any(|n| n.to_lowercase() == wanted)
    };
    codelist::area().codes().iter().find(|c| named(c)).map(codelist::Code::id)
}

/// How many columns of a header are named by periods or codes, as the mapping says; none if one is named by neither.
pub(super) fn wide_columns(mapping: &Mapping, header: &[String]) -> Option<usize> {
    let wide = mapping.file.wide.as_ref()?;
    let stripped = |name: &String| name.strip_prefix(&wide.prefix).map(str::to_owned);
    let Some(dimension) = mapping.across else {
        let periods = header.iter().filter_map(stripped).filter(|name| Period::parse(name).is_ok());
        return Some(periods.count());
    };
    let concept = Concept::Dimension(dimension);
    let mut column = Column::plain(0);
    column.scheme = scheme(mapping, concept);
    if let Some((_, words)) = mapping.values.iter().find(|(c, _)| *c == concept) {
        column.words.extend(words.clone());
    }
    let used: HashSet<&str> = mapping.named().collect();
    let skip = wide.skip.as_ref().map(Words::list).unwrap_or_default();
    let mut columns = 0;
    for name in header.iter().filter(|n| !n.is_empty() && !used.contains(n.as_str()) && !skip.contains(n)) {
        let Some(word) = stripped(name) else { continue };
        if !dimension.codelist().is_none_or(|list| list.contains(column.code(&word))) {
            return None;
        }
        columns += 1;
    }
    Some(columns)
}

/// Works the plan out; the findings say why there is none.
pub(super) fn plan(
    header: &Header,
    mapping: Option<&Mapping>,
    rules: Rules<'_>,
    findings: &mut Findings,
) -> Option<Plan> {
    let before = findings.errors();
    let line = header.line;
    let names = names(&header.names, line, mapping.is_none(), findings);
    let mut planner = Planner { plan: Plan::new(names), line, rules, findings };
    match mapping {
        None => planner.tidy(header.roles.as_deref()),
        Some(mapping) => planner.mapped(mapping),
    }
    planner.enough();
    let Planner { mut plan, .. } = planner;
    plan.is_sheet = header.is_sheet;
    plan.finish(rules);
    (findings.errors() == before).then_some(plan)
}

fn names(header: &csv::ByteRecord, line: u64, tidy: bool, findings: &mut Findings) -> Vec<String> {
    if header.len() > MAX_COLUMNS {
        let message = format!("{} columns; a table has at most {MAX_COLUMNS}: split it", header.len());
        findings.error(line, None, message);
    }
    let mut names: Vec<String> = Vec::new();
    for field in header.iter().take(MAX_COLUMNS) {
        let Ok(name) = str::from_utf8(field.trim_ascii()) else {
            let message = "the header is not UTF-8: save the file as CSV (UTF-8)".to_owned();
            findings.error(line, None, message);
            return names;
        };
        if personal::is_column(name, tidy) {
            findings.error(line, Some(name), personal::REASON.to_owned());
        }
        names.push(name.to_owned());
    }
    let mut seen = HashSet::new();
    for name in names.iter().filter(|n| !n.is_empty()) {
        // Capitals make no difference in the names of the data structure; another table may have `sex` and `Sex`.
        if !seen.insert(if tidy { name.to_ascii_lowercase() } else { name.clone() }) {
            findings.error(line, Some(name), "the column stands twice: keep one".to_owned());
        }
    }
    names
}

impl Plan {
    fn new(names: Vec<String>) -> Self {
        Self {
            names,
            conditions: Vec::new(),
            dimensions: Default::default(),
            attributes: Vec::new(),
            period: None,
            cells: Vec::new(),
            groups: vec![Vec::new()],
            status: None,
            conf: None,
            revision: None,
            remarks: Vec::new(),
            contributions: Vec::new(),
            missing: vec![(Vec::new(), None), (b"NaN".to_vec(), None)],
            skips_missing: false,
            action: None,
            numbers: Numbers::default(),
            flags: false,
            is_sheet: false,
            own: false,
            sums: false,
        }
    }

    /// The name of the column that an origin reads.
    pub(super) fn column_of(&self, origin: &Origin) -> Option<&str> {
        match origin {
            Origin::Column(column) => self.name(column.at),
            Origin::Absent | Origin::Constant(_) => None,
        }
    }

    pub(super) fn name(&self, at: usize) -> Option<&str> {
        self.names.get(at).map(String::as_str)
    }

    fn put(&mut self, concept: Concept, column: Column) {
        match concept {
            Concept::Dimension(d) => self.dimensions[d.position()] = Origin::Column(column),
            Concept::Period => self.period = Some(column.at),
            Concept::Value => self.cells.push(Cell { at: column.at, period: None, group: 0 }),
            Concept::Attribute(AttributeId::ObsStatus) => self.status = Some(column),
            Concept::Attribute(AttributeId::ConfStatus) => self.conf = Some(column),
            Concept::Attribute(AttributeId::Revision) => self.revision = Some(column),
            Concept::Attribute(id) => match id.attachment() {
                Attachment::Observation => self.remarks.push((id, column)),
                Attachment::Series => self.attributes.push((id, Origin::Column(column))),
            },
        }
    }

    fn finish(&mut self, rules: Rules<'_>) {
        let reporter = &mut self.dimensions[Dimension::RefArea.position()];
        if let (Origin::Absent, Some(country)) = (&*reporter, rules.country) {
            *reporter = Origin::Constant(country.to_owned());
        }
    }
}

/// Builds a plan and notes what is wrong with the header.
struct Planner<'a> {
    plan: Plan,
    line: u64,
    rules: Rules<'a>,
    findings: &'a mut Findings,
}

impl Planner<'_> {
    fn tidy(&mut self, roles: Option<&[Role]>) {
        let mut contributions = Vec::new();
        if roles.is_some() {
            self.plan.missing.push((sdmx_csv::NOT_AVAILABLE.into(), None));
        }
        for (at, name) in self.plan.names.clone().iter().enumerate() {
            let form = match roles.and_then(|roles| roles.get(at)) {
                None => Form::default(),
                Some(Role::Named(form)) => *form,
                Some(Role::LeftOut) => continue,
                Some(Role::Action) => {
                    self.plan.action = Some(at);
                    continue;
                }
            };
            match (Concept::parse(name), contributions::number(name)) {
                (Some(concept), _) => self.plan.put(concept, Column::written(at, form)),
                (None, Some(number)) => contributions.push((number, at)),
                (None, None) if personal::is_column(name, true) => {}
                // SDMX leaves columns to whoever writes.
                (None, None) if roles.is_some() => self.left_out(name),
                (None, None) if AROUND.contains(&&**name) => {
                    let message = "it says where a figure was read, and no more of it: left out".to_owned();
                    self.findings.warning(self.line, Some(name), message);
                }
                (None, None) => self.unknown(name),
            }
        }
        contributions.sort_unstable();
        for (wanted, (number, at)) in (1..).zip(contributions) {
            // One that stands twice was noted with the header.
            if number > wanted {
                let message = format!(
                    "there is no {} before it: number them from 1, the largest first",
                    contributions::column(wanted)
                );
                self.findings.error(self.line, Some(&self.plan.names[at]), message);
                break;
            }
            self.plan.contributions.push(at);
        }
        if self.plan.cells.is_empty() {
            self.absent(concept::OBS_VALUE);
        }
        if self.plan.period.is_none() {
            self.absent(concept::TIME_PERIOD);
        }
        if matches!(self.plan.dimensions[Dimension::Indicator.position()], Origin::Absent) {
            self.absent(Dimension::Indicator.id());
        }
    }

    /// Are there as many contributions as the node's rule looks at, and no more than any may?
    fn enough(&mut self) {
        let columns = &self.plan.contributions;
        let Some(last) = columns.last() else { return };
        let name = self.plan.names.get(*last).map(String::as_str);
        if columns.len() > MAX_CONTRIBUTIONS {
            let message =
                format!("more than {MAX_CONTRIBUTIONS} columns with contributions: keep the largest");
            self.findings.error(self.line, name, message);
        }
        if self.rules.concentration.is_some_and(|rule| rule.needed() > columns.len()) {
            let message = "the node's rule of concentration looks at more contributions than there are columns: add \
                           one with the next largest";
            self.findings.error(self.line, name, message.to_owned());
        }
    }

    fn left_out(&mut self, name: &str) {
        let near = concept::hint(Concept::suggest(name));
        let message = format!("it is not a name of the data structure{near}; it is left out");
        self.findings.warning(self.line, Some(name), message);
    }

    fn unknown(&mut self, name: &str) {
        let near = concept::hint(Concept::suggest(name));
        let message = format!(
            "it is not a name of the data structure{near}; rename or remove the column, or use a mapping"
        );
        self.findings.error(self.line, Some(name), message);
    }

    fn absent(&mut self, name: &str) {
        let message = "the column is missing: add it, or give a mapping if the table is not tidy".to_owned();
        self.findings.error(self.line, Some(name), message);
    }

    fn mapped(&mut self, mapping: &Mapping) {
        for (dimension, code) in &mapping.constants {
            let code = self.resolve(code);
            self.plan.dimensions[dimension.position()] = Origin::Constant(code);
        }
        for (concept, name) in &mapping.columns {
            if let Some(mut column) = self.column(name) {
                column.words = self.words(mapping, *concept);
                column.scheme = scheme(mapping, *concept);
                self.plan.put(*concept, column);
            }
        }
        for (id, text) in &mapping.attributes {
            let text = self.resolve(text);
            self.plan.attributes.push((*id, Origin::Constant(text)));
        }
        self.cells(mapping);
        for name in mapping.contributions() {
            let column = self.column(name);
            self.plan.contributions.extend(column.map(|column| column.at));
        }
        for (wanted, table) in [(true, &mapping.file.filter), (false, &mapping.file.skip)] {
            for (name, words) in table {
                if let Some(Column { at, .. }) = self.column(name) {
                    let words = words.list().iter().map(|w| self.resolve(w).into_bytes()).collect();
                    self.plan.conditions.push(Condition { at, words, wanted });
                }
            }
        }
        self.values(mapping);
    }

    fn cells(&mut self, mapping: &Mapping) {
        for (name, constants) in &mapping.cells {
            let Some(Column { at, .. }) = self.column(name) else { continue };
            let codes = constants.iter().map(|(d, code)| (*d, self.resolve(code))).collect();
            self.plan.groups.push(codes);
            // A mapping is smaller than 1 MiB, so there are never more groups than a u16 counts.
            let group = u16::try_from(self.plan.groups.len() - 1).unwrap_or(u16::MAX);
            self.plan.cells.push(Cell { at, period: None, group });
        }
        let Some(wide) = &mapping.file.wide else { return };
        if let Some(dimension) = mapping.across {
            return self.across(mapping, (dimension, wide));
        }
        for (at, name) in self.plan.names.iter().enumerate() {
            let period = name.strip_prefix(&wide.prefix).and_then(|rest| Period::parse(rest).ok());
            if period.is_some() {
                self.plan.cells.push(Cell { at, period, group: 0 });
            }
        }
        if self.plan.cells.is_empty() {
            let message = format!("no column is named by a period after \"{}\": correct [wide]", wide.prefix);
            self.findings.error(self.line, None, message);
        }
    }

    fn values(&mut self, mapping: &Mapping) {
        let usual = || vec![String::new()];
        let words = mapping.file.missing.clone().unwrap_or_else(usual);
        let with_status = mapping.missing_status.iter().map(|(w, s)| (w.clone().into_bytes(), Some(*s)));
        let without = words.into_iter().map(|w| (w.into_bytes(), None));
        self.plan.missing = with_status.chain(without).collect();
        self.plan.skips_missing = true;
        let byte = |given: Option<char>| given.and_then(|c| u8::try_from(c).ok());
        self.plan.numbers =
            Numbers { thousands: byte(mapping.file.thousands), decimal: byte(mapping.file.decimal) };
        self.plan.flags = mapping.file.flags.is_some();
        self.plan.own = mapping.file.reporters.is_some();
        self.plan.sums = mapping.file.repeats.is_some();
    }

    /// Columns named by the codes of a dimension: each is a value column with its code.
    fn across(&mut self, mapping: &Mapping, (dimension, wide): (Dimension, &Wide)) {
        let concept = Concept::Dimension(dimension);
        let mut words = Column::plain(0);
        words.words = self.words(mapping, concept);
        words.scheme = scheme(mapping, concept);
        let used: HashSet<&str> = mapping.named().collect();
        let skip = wide.skip.as_ref().map(Words::list).unwrap_or_default();
        let mut unknown = 0_usize;
        for at in 0..self.plan.names.len() {
            let name = self.plan.names[at].clone();
            if name.is_empty() || used.contains(name.as_str()) || skip.contains(&name) {
                continue;
            }
            let Some(word) = name.strip_prefix(&wide.prefix) else { continue };
            let code = words.code(word);
            if let Some(list) = dimension.codelist().filter(|list| !list.contains(code)) {
                let hint = self.findings.hint(Known::List(list), dimension.id(), word);
                let message = format!(
                    "it is no code of {dimension}{hint}; add it to [values.{dimension}], or to skip in [wide]"
                );
                self.findings.error(self.line, Some(&name), message);
                unknown += 1;
                continue;
            }
            self.plan.groups.push(vec![(dimension, code.to_owned())]);
            // There are at most MAX_COLUMNS of them.
            let group = u16::try_from(self.plan.groups.len() - 1).unwrap_or(u16::MAX);
            self.plan.cells.push(Cell { at, period: None, group });
        }
        if self.plan.cells.is_empty() && unknown == 0 {
            let message = format!("no column is named by a code of {dimension}: correct [wide]");
            self.findings.error(self.line, None, message);
        }
    }

    fn column(&mut self, name: &str) -> Option<Column> {
        let at = self.plan.names.iter().position(|n| n == name);
        if at.is_none() {
            let near = concept::nearest(name, self.plan.names.iter().map(String::as_str));
            let message =
                format!("the mapping needs this column and the file has none{}", concept::hint(near));
            self.findings.error(self.line, Some(name), message);
        }
        at.map(Column::plain)
    }

    fn words(&mut self, mapping: &Mapping, concept: Concept) -> HashMap<String, String> {
        let given = mapping.values.iter().find(|(c, _)| *c == concept);
        let none = BTreeMap::new();
        let words = given.map_or(&none, |(_, words)| words);
        words.iter().map(|(word, code)| (word.clone(), self.resolve(code))).collect()
    }

    /// The text with the own country in place of `$COUNTRY`.
    fn resolve(&mut self, text: &str) -> String {
        match self.rules.country {
            Some(country) => text.replace(COUNTRY, country),
            None if text.contains(COUNTRY) => {
                let message = "the mapping says $COUNTRY: tell which country this node reports for";
                self.findings.error(self.line, None, message.to_owned());
                text.to_owned()
            }
            None => text.to_owned(),
        }
    }
}

fn scheme(mapping: &Mapping, concept: Concept) -> Option<Scheme> {
    let schemes = mapping.schemes.iter();
    schemes.filter(|(d, _)| concept == Concept::Dimension(*d)).map(|(_, scheme)| *scheme).next()
}
