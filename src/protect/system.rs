//! What an audience knows of a table: bounds of every cell, and the sums that hold between them.
//!
//! Cells are numbers from 0, values whole numbers of the table's smallest part. A *table* of the system is one
//! value for each cell within its bounds, with every sum as stated: the truth is one, and all that the audience
//! knows is that the truth is among them.

/// Beyond every value: the bound of a cell about which nothing is known on that side.
pub const OPEN: i64 = 1 << 60;

/// The largest value that a system can hold: sums of many, and their images as floating numbers, stay exact.
pub const MAX_VALUE: i64 = 1 << 50;

/// Bounds and sums.
#[derive(Debug, Clone, Default)]
pub struct System {
    low: Vec<i64>,
    high: Vec<i64>,
    /// Sums, one after the other: cells with their signs, which add up to nothing.
    entries: Vec<(u32, i8)>,
    /// Where each sum begins, and the end of the last.
    rows: Vec<u32>,
    /// By cell, the sums it stands in, with its sign there.
    uses: Vec<(u32, i8)>,
    columns: Vec<u32>,
}

/// Sums between cells: of each the cells with their signs add up to zero.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    entries: Vec<(u32, i8)>,
    ends: Vec<u32>,
}

impl Sums {
    /// Adds the sum `total = parts`.
    pub fn push(&mut self, total: u32, parts: impl IntoIterator<Item = u32>) {
        self.entries.push((total, 1));
        self.entries.extend(parts.into_iter().map(|part| (part, -1)));
        self.ends.push(index(self.entries.len()));
    }

    /// Adds cells with their signs, which add up to nothing.
    pub(super) fn push_signed(&mut self, entries: &[(u32, i8)]) {
        self.entries.extend_from_slice(entries);
        self.ends.push(index(self.entries.len()));
    }

    /// The cells of each, with their signs.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[(u32, i8)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| *end as usize));
        starts.zip(&self.ends).map(|(start, end)| &self.entries[start..*end as usize])
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl System {
    /// A system of cells with bounds, and sums between them; cells that a sum names and no bound has are none.
    #[must_use]
    pub fn new(bounds: &[(i64, i64)], sums: &Sums) -> Self {
        let (low, high): (Vec<i64>, Vec<i64>) = bounds.iter().copied().unzip();
        let mut rows = Vec::with_capacity(sums.len() + 1);
        rows.push(0);
        rows.extend(&sums.ends);
        let entries = sums.entries.clone();
        let (columns, uses) = transpose(&rows, &entries, low.len());
        Self { low, high, entries, rows, uses, columns }
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.low.len()
    }

    /// How many sums there are.
    #[must_use]
    pub fn sums(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// The bounds of a cell.
    #[must_use]
    pub fn bounds(&self, cell: u32) -> (i64, i64) {
        (self.low[cell as usize], self.high[cell as usize])
    }

    /// Sets the bounds of a cell.
    pub(super) fn set_bounds(&mut self, cell: u32, (low, high): (i64, i64)) {
        self.low[cell as usize] = low;
        self.high[cell as usize] = high;
    }

    /// The cells of a sum, with their signs.
    #[must_use]
    pub fn row(&self, row: u32) -> &[(u32, i8)] {
        &self.entries[self.rows[row as usize] as usize..self.rows[row as usize + 1] as usize]
    }

    /// The sums that a cell stands in, with its sign there.
    #[must_use]
    pub fn column(&self, cell: u32) -> &[(u32, i8)] {
        &self.uses[self.columns[cell as usize] as usize..self.columns[cell as usize + 1] as usize]
    }

    /// Could the cell have another value, as far as its bounds go?
    pub(super) fn is_free(&self, cell: u32) -> bool {
        self.low[cell as usize] < self.high[cell as usize]
    }

    /// Is it a table of the system? Exact, in integers.
    #[must_use]
    pub fn admits(&self, table: &[i64]) -> bool {
        let within = |cell: usize| self.low[cell] <= table[cell] && table[cell] <= self.high[cell];
        table.len() == self.cells()
            && (0..table.len()).all(within)
            && (0..index(self.sums())).all(|row| self.sum(row, table) == 0)
    }

    fn sum(&self, row: u32, table: &[i64]) -> i128 {
        self.row(row).iter().map(|(cell, sign)| i128::from(table[*cell as usize]) * i128::from(*sign)).sum()
    }
}

/// A count as the number of a cell or of a sum.
pub(super) fn index(count: usize) -> u32 {
    u32::try_from(count).expect("a release has at most MAX_CELLS cells, each in few sums")
}

fn transpose(rows: &[u32], entries: &[(u32, i8)], cells: usize) -> (Vec<u32>, Vec<(u32, i8)>) {
    let mut columns = vec![0_u32; cells + 1];
    for (cell, _) in entries {
        columns[*cell as usize + 1] += 1;
    }
    for at in 0..cells {
        columns[at + 1] += columns[at];
    }
    let (mut next, mut uses) = (columns.clone(), vec![(0, 0); entries.len()]);
    for (row, [start, end]) in rows.array_windows().enumerate() {
        for (cell, sign) in &entries[*start as usize..*end as usize] {
            let place = &mut next[*cell as usize];
            uses[*place as usize] = (index(row), *sign);
            *place += 1;
        }
    }
    (columns, uses)
}
