//! Declaring a lane, and signing another's declaration.

use serde_json::{Value, json};

use super::asked::DeclareRequest;
use crate::model::personal;
use crate::node::acts::ActName;
use crate::node::engine::{Engine, NodeError};
use crate::node::request::Caller;
use crate::policy::{Agreement, Consent, Declaration, Standing};

impl Engine {
    pub(super) fn crisis_declare(
        &mut self,
        asked: &DeclareRequest,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let parent = self.clause_for(asked.agreement.as_deref())?;
        let book = self.house.book();
        if book.standing(&parent, self.now()) != Standing::InForce || !parent.is_bound(&self.us()) {
            return Err(NodeError::Refused(format!(
                "{:?} is not in force here: a crisis is declared under an agreement that is",
                parent.text().title
            )));
        }
        let clause = parent.text().lane_clause();
        let days = asked.days.or(clause.map(|clause| clause.days)).unwrap_or(1);
        let name = asked.name.clone().unwrap_or_else(|| self.next_lane_name(asked.drill));
        let taken = |one: &Agreement| {
            let alive = !matches!(book.standing(one, self.now()), Standing::Over { .. });
            alive && one.text().crisis.lane().is_some_and(|lane| lane.name.eq_ignore_ascii_case(&name))
        };
        if book.lanes().any(taken) {
            return Err(NodeError::Refused(format!(
                "a crisis lane {name:?} stands already: `corridor crisis join {name}` signs it, or choose another --name"
            )));
        }
        let area = asked.area.to_ascii_uppercase();
        let said = Declaration { name, area, drill: asked.drill, days, from: self.now() };
        let text = parent.text().lane(parent.id(), &said).map_err(refused)?;
        let lane = Agreement::new(text, self.network());
        self.may_declare(&lane)?;
        self.declare_lane(&lane, ActName::CrisisDeclare, caller)
    }

    pub(super) fn crisis_join(&mut self, name: &str, caller: &Caller) -> Result<Value, NodeError> {
        let lane = self.lane(Some(name))?;
        if matches!(self.house.book().standing(&lane, self.now()), Standing::Over { .. }) {
            return Err(NodeError::Refused("the crisis lane is over; declare a new one".to_owned()));
        }
        self.may_declare(&lane)?;
        if lane.signed().any(|(party, _)| party == self.us()) {
            return Err(NodeError::Refused("this government has signed the declaration already".to_owned()));
        }
        self.declare_lane(&lane, ActName::CrisisJoin, caller)
    }

    fn declare_lane(&mut self, lane: &Agreement, act: ActName, caller: &Caller) -> Result<Value, NodeError> {
        let said = self.declare(lane, Consent::Agreed, act, caller)?;
        let mut value = self.describe_lane(lane);
        for field in ["standing", "told", "not_told"] {
            value[field] = said[field].clone();
        }
        let signed = said["signed"].as_array().into_iter().flatten();
        value["signed"] = signed.map(|one| one["country"].clone()).collect();
        value["may_sign"] = said["not_signed"].clone();
        if said["standing"] == "in force" {
            value["since"] = json!(self.now().to_string());
        }
        Ok(value)
    }

    fn may_declare(&self, lane: &Agreement) -> Result<(), NodeError> {
        let activators = lane.text().crisis.lane().map(|lane| lane.activators.as_slice()).unwrap_or_default();
        match activators.binary_search(&self.us()) {
            Ok(_) => Ok(()),
            Err(_) => Err(NodeError::Refused(format!(
                "the clause lets these declare a crisis, and this government is none of them: {}",
                self.countries(activators).join(", ")
            ))),
        }
    }

    /// The agreement under which a crisis is to be declared.
    fn clause_for(&self, name: Option<&str>) -> Result<Agreement, NodeError> {
        if let Some(name) = name {
            return self.agreement(name);
        }
        let with_clause =
            self.house.book().in_force(self.now()).filter(|one| one.text().lane_clause().is_some());
        let mut found: Vec<&Agreement> = with_clause.collect();
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one.clone()),
            (None, _) => Err(NodeError::NotFound(
                "no agreement in force here has a crisis clause: `corridor agreement draft --crisis-signatures …`".to_owned(),
            )),
            (Some(_), false) => Err(NodeError::Refused(
                "several agreements have a crisis clause: name one; `corridor agreement list` shows them".to_owned(),
            )),
        }
    }

    fn next_lane_name(&self, drill: bool) -> String {
        let stem = if drill { "DRILL" } else { "LC" };
        let names: Vec<&str> = self
            .house
            .book()
            .lanes()
            .filter_map(|one| Some(one.text().crisis.lane()?.name.as_str()))
            .collect();
        let free = |number: &usize| !names.contains(&format!("{stem}-{number}").as_str());
        let number = (1..=names.len() + 1).find(free).unwrap_or(names.len() + 1);
        format!("{stem}-{number}")
    }
}

/// Refuses words that tell of a single person.
pub(super) fn no_person(what: &str, words: &str) -> Result<(), NodeError> {
    match personal::in_few_words(words) {
        None => Ok(()),
        Some(found) => Err(NodeError::Refused(format!("{what} holds {found}. {LAWFUL_WAY}"))),
    }
}

/// Where what is about single persons goes.
pub(super) const LAWFUL_WAY: &str = "A crisis lane carries counts of people and nothing about single persons. Names, numbers of documents and telephone \
     numbers go case by case by the consular channel (Vienna Convention on Consular Relations, article 36), or by the \
     tracing services of the Red Cross and Red Crescent";

pub(super) fn refused(why: impl ToString) -> NodeError {
    NodeError::Refused(why.to_string())
}
