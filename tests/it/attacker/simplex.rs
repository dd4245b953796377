//! A linear program of an attacker's own: what a cell can be at least and at most, given bounds and sums.
//!
//! The simplex method with bounded variables on a dense dictionary (Chvátal, *Linear Programming*, chapters 2, 7 and
//! 8): every sum is a variable that must be zero, every basic variable is a linear form of the others, and all stand
//! at one of their bounds. The first phase, which drives what lies outside its bounds inside, is done once for a
//! table; every question starts from where the one before ended. Entries are sums of few ones, so that doubles do.

/// By how much a value may miss its bound.
pub(crate) const TOLERANCE: f64 = 1e-6;
/// By how much values may differ that are the same.
const ZERO: f64 = 1e-9;
/// By how much a value lies beyond its bound if it is outside; what lies beyond it by less stands at it.
const OUTSIDE: f64 = 1e-7;
/// What is left of two weights that should have cancelled out: weights are fractions with small denominators.
const NOISE: f64 = 1e-8;
/// Steps without progress after which variables enter by their number alone, which cannot go round in circles.
const PATIENCE: u32 = 40;
/// Steps after which the dictionary is made anew.
const REBUILD: u32 = 100;
/// Steps of one solver: far more than all questions about a table here take.
const MAX_STEPS: u32 = 100_000;

/// What is known: every cell lies within its bounds, and every sum is zero.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    bounds: Vec<(f64, f64)>,
    sums: Vec<Vec<(usize, f64)>>,
}

impl Program {
    /// A cell with its bounds, of which the lower is finite; the cell's number.
    pub(crate) fn cell(&mut self, low: f64, high: f64) -> usize {
        self.bounds.push((low, high));
        self.bounds.len() - 1
    }

    /// A total that is made up of parts.
    pub(crate) fn total(&mut self, total: usize, parts: &[usize]) {
        let parts = parts.iter().map(|part| (*part, -1.0));
        self.sums.push(std::iter::once((total, 1.0)).chain(parts).collect());
    }

    /// A solver that stands at one of the program's tables; none if there is no such table.
    pub(crate) fn solver(self) -> Option<Solver> {
        let possible = self.bounds.iter().all(|(low, high)| low <= high);
        let mut solver = Solver::new(self);
        (possible && solver.enter_bounds()).then_some(solver)
    }
}

/// Which way a variable moves that enters the basis.
type Entering = (usize, f64);

/// A table that agrees with a program, from which others are reached.
pub(crate) struct Solver {
    program: Program,
    /// By variable: the cells, and then the sums.
    bounds: Vec<(f64, f64)>,
    values: Vec<f64>,
    /// Which variable each row is.
    basic: Vec<usize>,
    /// Which variable each column is.
    free: Vec<usize>,
    rows: Vec<Vec<f64>>,
    steps: u32,
}

impl Solver {
    fn new(program: Program) -> Self {
        let cells = program.bounds.len();
        let mut bounds = program.bounds.clone();
        bounds.resize(cells + program.sums.len(), (0.0, 0.0));
        let values = bounds.iter().map(|(low, _)| *low).collect();
        let (basic, free, rows) = Default::default();
        let mut this = Self { program, bounds, values, basic, free, rows, steps: 0 };
        this.begin();
        this.refresh();
        this
    }

    /// Puts the dictionary into the form in which the program is stated: sums as linear forms of cells.
    fn begin(&mut self) {
        let cells = self.program.bounds.len();
        self.free = (0..cells).collect();
        self.basic = (cells..self.bounds.len()).collect();
        let row = |sum: &Vec<(usize, f64)>| {
            let mut row = vec![0.0; cells];
            sum.iter().for_each(|(cell, weight)| row[*cell] += weight);
            row
        };
        self.rows = self.program.sums.iter().map(row).collect();
    }

    /// Makes the dictionary anew for the cells that are basic now: errors of many exchanges add up.
    fn rebuild(&mut self) {
        let cells = self.program.bounds.len();
        let wanted: Vec<usize> = self.basic.iter().copied().filter(|variable| *variable < cells).collect();
        self.begin();
        for cell in wanted {
            let Some(column) = self.free.iter().position(|free| *free == cell) else { continue };
            let weight = |row: &usize| self.rows[*row][column].abs();
            let sums = (0..self.rows.len()).filter(|row| self.basic[*row] >= cells);
            let row = sums.max_by(|a, b| weight(a).total_cmp(&weight(b)));
            if let Some(row) = row.filter(|row| weight(row) > NOISE) {
                self.exchange(row, column);
            }
        }
        self.refresh();
    }

    /// What a cell can be, from and to.
    ///
    /// # Panics
    /// If a table that is found does not agree with the program: then nothing that is said here counts.
    pub(crate) fn range(&mut self, cell: usize) -> (f64, f64) {
        let low = self.least(cell, 1.0);
        assert!(self.holds(), "the least table is none");
        let high = self.least(cell, -1.0);
        assert!(self.holds(), "the greatest table is none");
        (low, -high)
    }

    /// Whether the values agree with the program as it was stated.
    fn holds(&self) -> bool {
        let within = |(value, (low, high)): (&f64, &(f64, f64))| {
            *value >= low - TOLERANCE && *value <= high + TOLERANCE
        };
        let is_zero = |sum: &Vec<(usize, f64)>| {
            sum.iter().map(|(cell, weight)| weight * self.values[*cell]).sum::<f64>().abs() <= TOLERANCE
        };
        self.values.iter().zip(&self.program.bounds).all(within) && self.program.sums.iter().all(is_zero)
    }

    /// The least value of a cell times `sign`.
    fn least(&mut self, cell: usize, sign: f64) -> f64 {
        let (mut stuck, mut best) = (0, f64::INFINITY);
        loop {
            let costs: Vec<f64> = match self.basic.iter().position(|variable| *variable == cell) {
                Some(row) => self.rows[row].iter().map(|weight| sign * weight).collect(),
                None => self.free.iter().map(|free| if *free == cell { sign } else { 0.0 }).collect(),
            };
            let now = sign * self.values[cell];
            stuck = if now < best - ZERO { 0 } else { stuck + 1 };
            best = best.min(now);
            let Some(entering) = self.entering(&costs, stuck > PATIENCE) else { return now };
            if !self.step(entering, stuck > PATIENCE) {
                return f64::NEG_INFINITY;
            }
        }
    }

    /// The first phase; false if there is no table within the bounds.
    fn enter_bounds(&mut self) -> bool {
        let (mut stuck, mut best) = (0, f64::INFINITY);
        loop {
            let mut costs = vec![0.0; self.free.len()];
            let mut outside = 0.0;
            for (row, variable) in self.rows.iter().zip(&self.basic) {
                let (value, (low, high)) = (self.values[*variable], self.bounds[*variable]);
                let sign = if value < low - OUTSIDE {
                    -1.0
                } else if value > high + OUTSIDE {
                    1.0
                } else {
                    continue;
                };
                outside += (low - value).max(value - high);
                costs.iter_mut().zip(row).for_each(|(cost, weight)| *cost += sign * weight);
            }
            if outside == 0.0 {
                return self.holds();
            }
            stuck = if outside < best - ZERO { 0 } else { stuck + 1 };
            best = best.min(outside);
            match self.entering(&costs, stuck > PATIENCE) {
                Some(entering) => assert!(self.step(entering, stuck > PATIENCE), "a distance has an end"),
                None => return outside <= TOLERANCE && self.holds(),
            }
        }
    }

    /// A column that lowers the costs, and whether it goes up or down: the steepest, or the one with the smallest
    /// number.
    fn entering(&self, costs: &[f64], by_number: bool) -> Option<Entering> {
        let useful = costs.iter().enumerate().filter_map(|(column, cost)| {
            let variable = self.free[column];
            let (value, (low, high)) = (self.values[variable], self.bounds[variable]);
            let up = *cost < -ZERO && value < high - ZERO;
            let down = *cost > ZERO && value > low + ZERO;
            (up || down).then_some((column, if up { 1.0 } else { -1.0 }))
        });
        if by_number {
            useful.min_by_key(|(column, _)| self.free[*column])
        } else {
            useful.max_by(|(a, _), (b, _)| costs[*a].abs().total_cmp(&costs[*b].abs()))
        }
    }

    /// Moves one column as far as it can go; false if there is no end to it.
    fn step(&mut self, (column, sign): Entering, by_number: bool) -> bool {
        self.steps += 1;
        assert!(self.steps < MAX_STEPS, "the simplex method goes round in circles");
        let entering = self.free[column];
        let (low, high) = self.bounds[entering];
        let (mut most, mut leaving) = (high - low, None::<usize>);
        for (row, variable) in self.basic.iter().enumerate() {
            let speed = sign * self.rows[row][column];
            let Some(length) = self.until_stopped(*variable, speed) else { continue };
            let better = match leaving {
                _ if length < most - ZERO => true,
                None => false,
                Some(_) if length > most + ZERO => false,
                Some(other) if by_number => *variable < self.basic[other],
                Some(other) => speed.abs() > self.rows[other][column].abs(),
            };
            if better {
                (most, leaving) = (length.min(most), Some(row));
            }
        }
        if most.is_infinite() {
            return false;
        }
        self.values[entering] += sign * most;
        for (row, variable) in self.basic.iter().enumerate() {
            self.values[*variable] += sign * most * self.rows[row][column];
        }
        match leaving {
            Some(row) => self.leave(row, column),
            None => self.values[entering] = if sign > 0.0 { high } else { low },
        }
        if self.steps.is_multiple_of(REBUILD) {
            self.rebuild();
        }
        true
    }

    /// How far the entering variable can go before this basic one, which moves at `speed`, stops it. What lies
    /// outside its bounds stops where it comes inside.
    fn until_stopped(&self, variable: usize, speed: f64) -> Option<f64> {
        let (value, (low, high)) = (self.values[variable], self.bounds[variable]);
        let (below, above) = (value < low - OUTSIDE, value > high + OUTSIDE);
        let end = match (speed > NOISE, speed < -NOISE) {
            (true, _) if below => low,
            (_, true) if above => high,
            // What is outside and goes further out is stopped by nothing; its cost sees to it.
            (true, _) if !above => high,
            (_, true) if !below => low,
            _ => return None,
        };
        let length = (end - value) / speed;
        length.is_finite().then_some(length.max(0.0))
    }

    /// A row's variable has come to one of its bounds and makes place for a column's.
    fn leave(&mut self, row: usize, column: usize) {
        let leaving = self.basic[row];
        let (value, (low, high)) = (self.values[leaving], self.bounds[leaving]);
        self.values[leaving] = if (value - low).abs() <= (high - value).abs() { low } else { high };
        self.exchange(row, column);
    }

    /// Exchanges a row's variable with a column's. One that can be nothing but zero is taken out for good.
    fn exchange(&mut self, row: usize, column: usize) {
        let weight = self.rows[row][column];
        let mut new: Vec<f64> = self.rows[row].iter().map(|other| -other / weight).collect();
        new[column] = 1.0 / weight;
        for (_, other) in self.rows.iter_mut().enumerate().filter(|(at, _)| *at != row) {
            let factor = std::mem::take(&mut other[column]);
            if factor.abs() < NOISE {
                continue;
            }
            for (mine, theirs) in other.iter_mut().zip(&new) {
                let sum = *mine + factor * theirs;
                *mine = if sum.abs() < NOISE { 0.0 } else { sum };
            }
        }
        self.rows[row] = new;
        std::mem::swap(&mut self.basic[row], &mut self.free[column]);
        if self.bounds[self.free[column]] == (0.0, 0.0) {
            self.free.swap_remove(column);
            for row in &mut self.rows {
                row.swap_remove(column);
            }
        }
    }

    /// Computes what is basic from what is not.
    fn refresh(&mut self) {
        for (row, variable) in self.rows.iter().zip(&self.basic) {
            let terms = row.iter().zip(&self.free).map(|(weight, free)| weight * self.values[*free]);
            self.values[*variable] = terms.sum();
        }
    }
}
