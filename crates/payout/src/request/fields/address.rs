//! `/api/v1/address/{legal,inner,create}` and `/api/v1/batch/address/create`.

use super::super::body::Body;
use super::super::code::Rejected;
use super::super::json::Token;
use super::Call;

/// An address in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressQuestion {
    /// The contract's number of the chain, not looked up yet.
    pub chain_id: String,
    /// In the caller's spelling; an ill-formed one is answered with `false`.
    pub address: String,
}

impl AddressQuestion {
    const PARAMETERS: &'static [&'static str] = &["chain_id", "address"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        Ok(Self {
            chain_id: body.required_text_or_integer("chain_id")?.to_owned(),
            address: body.required_text("address")?.to_owned(),
        })
    }
}

/// `POST /api/v1/address/legal`: is it well-formed on that chain?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressLegal(pub AddressQuestion);

/// `POST /api/v1/address/inner`: is it this project's?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressInner(pub AddressQuestion);

impl Call for AddressLegal {
    const PARAMETERS: &'static [&'static str] = AddressQuestion::PARAMETERS;

    fn read(body: &Body) -> Result<Self, Rejected> {
        AddressQuestion::read(body).map(Self)
    }
}

impl Call for AddressInner {
    const PARAMETERS: &'static [&'static str] = AddressQuestion::PARAMETERS;

    fn read(body: &Body) -> Result<Self, Rejected> {
        AddressQuestion::read(body).map(Self)
    }
}

/// `POST /api/v1/address/create`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressCreate {
    /// The contract's number of the chain, not looked up yet.
    pub chain_id: String,
    /// A name for people.
    pub alias: Option<String>,
}

impl Call for AddressCreate {
    const PARAMETERS: &'static [&'static str] = &["chain_id", "alias", "callback_url"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let chain_id = body.required_text_or_integer("chain_id")?.to_owned();
        let alias = body.text("alias")?.map(str::to_owned);
        refuse_callback_url(body)?;
        Ok(Self { chain_id, alias })
    }
}

/// `POST /api/v1/batch/address/create`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchAddressCreate {
    /// The contract's number of the chain, not looked up yet.
    pub chain_id: String,
    /// How many, as it was sent.
    pub number: String,
    /// A name for people, the same for all.
    pub alias: Option<String>,
}

impl Call for BatchAddressCreate {
    const PARAMETERS: &'static [&'static str] = &["chain_id", "number", "alias", "callback_url"];

    fn read(body: &Body) -> Result<Self, Rejected> {
        let chain_id = body.required_text_or_integer("chain_id")?.to_owned();
        let number = match body.get("number") {
            None => return Err(Rejected::missing("number")),
            // Whatever text it is: what is not 1 to 100 has a code of its own, E0027.
            Some(Token::Str(text) | Token::Number(text)) => text.clone(),
            Some(Token::True | Token::False | Token::Null) => {
                return Err(Rejected::param("number", "must be a string"));
            }
        };
        let alias = body.text("alias")?.map(str::to_owned);
        refuse_callback_url(body)?;
        Ok(Self { chain_id, number, alias })
    }
}

/// It asks for deposit notices, which do not exist: an error rather than a silent promise.
fn refuse_callback_url(body: &Body) -> Result<(), Rejected> {
    match body.get("callback_url") {
        None => Ok(()),
        Some(_) => {
            Err(Rejected::param("callback_url", "is not supported here: there are no deposit notices"))
        }
    }
}
