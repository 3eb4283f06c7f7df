//! The component's exports: contract values in, one call, contract values out.

// The macro that generates the exports makes more of its items public than need be.
#![allow(unreachable_pub)]

use crate::contract::bindings::exports::integration::connector::connector::{
    Connection, Guest as ConnectorGuest, GuestConnection, GuestListener, Listener,
};
use crate::contract::bindings::exports::integration::connector::metadata::{
    Descriptor, Guest as MetadataGuest,
};
use crate::contract::{
    CommitMode, Delivery, Document, Error, Identity, ObjectType, Outcome, Profile, Property,
    Settled, Settlement, bindings,
};
use crate::operations::Session;
use crate::transport::wasi::{Wasi, block_on};

struct Plugin;

bindings::export!(Plugin with_types_in bindings);

impl MetadataGuest for Plugin {
    fn describe() -> Descriptor {
        crate::describe()
    }
}

impl ConnectorGuest for Plugin {
    type Connection = Session<Wasi>;
    type Listener = NoListener;
}

impl GuestConnection for Session<Wasi> {
    fn open(settings: Vec<Property>) -> Result<Connection, Error> {
        Session::open(Wasi, settings).map(Connection::new)
    }

    fn test(&self) -> Result<Option<Identity>, Error> {
        block_on(Box::pin(self.test()))
    }

    fn browse(&self, operation: String, filter: Option<String>) -> Result<Vec<ObjectType>, Error> {
        block_on(Box::pin(self.browse(&operation, filter.as_deref())))
    }

    fn profile(&self, operation: String, _object: Option<String>) -> Result<Profile, Error> {
        self.profile(&operation)
    }

    fn execute(
        &self,
        operation: String,
        object: Option<String>,
        settings: Vec<Property>,
        documents: Vec<Document>,
    ) -> Result<Vec<Outcome>, Error> {
        block_on(Box::pin(self.execute(
            &operation,
            object.as_deref(),
            settings,
            documents,
        )))
    }

    fn listen(&self, _object: String, _settings: Vec<Property>) -> Result<Listener, Error> {
        Err(no_listener())
    }

    fn settle(
        &self,
        _object: String,
        _settlements: Vec<Settlement>,
    ) -> Result<Vec<Settled>, Error> {
        Err(no_listener())
    }

    fn renew(&self, settings: Vec<Property>) -> Result<(), Error> {
        self.renew(settings)
    }
}

/// `describe` lists no operation of mode `listen` yet, so there is never one of these.
enum NoListener {}

impl GuestListener for NoListener {
    fn commit(&self) -> CommitMode {
        match *self {}
    }

    fn next(&self) -> Result<Vec<Delivery>, Error> {
        Err(no_listener())
    }

    fn stop(&self) -> Result<(), Error> {
        Err(no_listener())
    }
}

fn no_listener() -> Error {
    Error::Other("this version of the connector has no operation of mode `listen`".to_owned())
}
