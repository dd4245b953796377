//! Themes: what the indicators of a dataflow have in common. A theme's id is what its indicators' codes begin with.

use crate::model::catalogue;
use crate::model::codelist::Language;

/// A theme with its names in English, French and Spanish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its id, which is the id of dataflows.
    pub id: &'static str,
    names: [&'static str; 3],
}

/// The theme of everything that a country states.
pub const ALL: Theme =
    Theme { id: "MIG", names: ["Migration Profile", "Profil migratoire", "Perfil migratorio"] };
/// The theme of indicators that are a country's own.
pub const NATIONAL: Theme =
    Theme { id: "NAT", names: ["National indicators", "Indicateurs nationaux", "Indicadores nacionales"] };
/// The themes of the catalogue.
const THEMES: [Theme; 23] = [
    Theme { id: "MS", names: ["Migrant stocks", "Population immigrée", "Población migrante"] },
    Theme {
        id: "ES",
        names: ["Nationals abroad", "Ressortissants à l'étranger", "Nacionales en el exterior"],
    },
    Theme { id: "MF", names: ["Immigration", "Immigration", "Inmigración"] },
    Theme { id: "EF", names: ["Emigration", "Émigration", "Emigración"] },
    Theme { id: "NF", names: ["Net migration", "Solde migratoire", "Saldo migratorio"] },
    Theme { id: "RT", names: ["Returns", "Retours", "Retornos"] },
    Theme { id: "LM", names: ["Labour migration", "Migrations de travail", "Migración laboral"] },
    Theme { id: "ED", names: ["Students", "Étudiants", "Estudiantes"] },
    Theme { id: "RE", names: ["Remittances", "Envois de fonds", "Remesas"] },
    Theme {
        id: "RP",
        names: ["Refugees and protection", "Réfugiés et protection", "Refugiados y protección"],
    },
    Theme { id: "IR", names: ["Irregular migration", "Migration irrégulière", "Migración irregular"] },
    Theme { id: "IM", names: ["Internal migration", "Migration interne", "Migración interna"] },
    Theme { id: "IN", names: ["Citizenship", "Nationalité", "Nacionalidad"] },
    Theme { id: "CH", names: ["Children", "Enfants", "Niños y niñas"] },
    Theme { id: "CP", names: ["Consular protection", "Protection consulaire", "Protección consular"] },
    Theme { id: "CR", names: ["Crises", "Crises", "Crisis"] },
    Theme { id: "DP", names: ["Diaspora", "Diaspora", "Diáspora"] },
    Theme { id: "DV", names: ["Development", "Développement", "Desarrollo"] },
    Theme { id: "EN", names: ["Environment", "Environnement", "Medio ambiente"] },
    Theme { id: "GV", names: ["Governance", "Gouvernance", "Gobernanza"] },
    Theme { id: "MM", names: ["Missing migrants", "Migrants disparus", "Migrantes desaparecidos"] },
    Theme { id: "SP", names: ["Social protection", "Protection sociale", "Protección social"] },
    Theme { id: "TR", names: ["Trafficking in persons", "Traite des personnes", "Trata de personas"] },
];

impl Theme {
    /// All that are flows of a country.
    pub fn all() -> impl Iterator<Item = Self> {
        [ALL].into_iter().chain(THEMES).chain([NATIONAL])
    }

    /// The theme with this id.
    #[must_use]
    pub fn with_id(id: &str) -> Option<Self> {
        Self::all().find(|theme| theme.id == id)
    }

    /// The name.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        self.names.get(language as usize).copied().unwrap_or(self.names[0])
    }

    /// Is the indicator of this theme?
    #[must_use]
    pub fn takes(self, indicator: &str) -> bool {
        if self == ALL {
            return true;
        }
        let core = catalogue::get(indicator).is_some();
        if self == NATIONAL { !core } else { core && indicator.split('_').next() == Some(self.id) }
    }

    /// The indicators of the catalogue that are of this theme; none where these are not all that are.
    #[must_use]
    pub fn indicators(self) -> Option<Vec<&'static str>> {
        if self == ALL || self == NATIONAL {
            return None;
        }
        let codes = catalogue::all().iter().map(catalogue::Indicator::code);
        Some(codes.filter(|code| self.takes(code)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_indicator_has_one_theme_beside_the_whole() {
        for indicator in catalogue::all() {
            let of: Vec<&str> =
                Theme::all().filter(|one| one.takes(indicator.code())).map(|one| one.id).collect();
            assert_eq!(of.len(), 2, "{}: {of:?}", indicator.code());
        }
        let own: Vec<&str> = Theme::all().filter(|one| one.takes("PHL:OWN")).map(|one| one.id).collect();
        assert_eq!(own, ["MIG", "NAT"]);
        for theme in THEMES {
            assert!(!theme.indicators().unwrap().is_empty(), "{}", theme.id);
        }
    }
}
