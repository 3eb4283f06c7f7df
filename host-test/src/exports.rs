//! The contract's functions, as one instance of a plugin has them.
//!
//! The generated bindings look every function of the contract up in each instance and compare its
//! types, which takes a fifth of the time that an instance takes to make, and an instance runs two
//! or three of them. All instances of a component have the same functions of the same types: here
//! those of the first instance are compared, and a function is looked up when it is called.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, Instance, InstancePre, ResourceAny, TypedFunc,
};

use crate::contract::{
    CommitMode, Delivery, Descriptor, Document, Error, Identity, ObjectType, Outcome, Profile,
    Property, Settled, Settlement,
};
use crate::instance::HostState;

const METADATA: &str = "integration:connector/metadata@0.1.0";
const CONNECTOR: &str = "integration:connector/connector@0.1.0";

/// A linked plugin, to be instantiated.
pub(crate) struct ExportsPre {
    linked: InstancePre<HostState>,
    functions: Arc<Functions>,
    /// Whether an instance had all functions with the types of the contract.
    checked: AtomicBool,
}

impl ExportsPre {
    /// # Errors
    /// Where the component lacks a function of the contract.
    pub(crate) fn new(
        component: &Component,
        linked: InstancePre<HostState>,
    ) -> wasmtime::Result<Self> {
        Ok(Self {
            linked,
            functions: Arc::new(Functions::find(component)?),
            checked: AtomicBool::new(false),
        })
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        self.linked.engine()
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// Where there is no room for it, or its functions are not those of the contract.
    pub(crate) async fn instantiate(
        &self,
        store: &mut Store<HostState>,
    ) -> wasmtime::Result<Exports> {
        let exports = Exports {
            instance: self.linked.instantiate_async(&mut *store).await?,
            functions: Arc::clone(&self.functions),
        };
        if !self.checked.load(Ordering::Acquire) {
            exports.check(store)?;
            self.checked.store(true, Ordering::Release);
        }
        Ok(exports)
    }
}

/// The functions of one instance.
pub(crate) struct Exports {
    instance: Instance,
    functions: Arc<Functions>,
}

macro_rules! functions {
    ($(
        $interface:ident $export:literal
        $name:ident($($argument:ident: $type:ty),*) -> $result:ty;
    )*) => {
        struct Functions {
            $($name: ComponentExportIndex,)*
        }

        impl Functions {
            fn find(component: &Component) -> wasmtime::Result<Self> {
                Ok(Self {
                    $($name: find(component, $interface, $export)?,)*
                })
            }
        }

        /// Each is an error where the guest traps.
        impl Exports {
            fn check(&self, store: &mut Store<HostState>) -> wasmtime::Result<()> {
                $(self.instance.get_typed_func::<($($type,)*), ($result,)>(
                    &mut *store,
                    &self.functions.$name,
                )?;)*
                Ok(())
            }

            $(pub(crate) async fn $name(
                &self,
                store: &mut Store<HostState>,
                $($argument: $type,)*
            ) -> wasmtime::Result<$result> {
                let function = self
                    .instance
                    .get_func(&mut *store, &self.functions.$name)
                    .ok_or_else(|| missing($export))?;
                // SAFETY: it must have these types. `ExportsPre::instantiate` gives out no
                // `Exports` before `check`, which is made from the same line, has compared them
                // with those of an instance of this component.
                let function = unsafe {
                    TypedFunc::<($($type,)*), ($result,)>::new_unchecked(function)
                };
                let (result,) = function.call_async(store, ($($argument,)*)).await?;
                Ok(result)
            })*
        }
    };
}

functions! {
    METADATA "describe"
        call_describe() -> Descriptor;
    CONNECTOR "[static]connection.open"
        call_open(settings: &[Property]) -> Result<ResourceAny, Error>;
    CONNECTOR "[method]connection.test"
        call_test(connection: ResourceAny) -> Result<Option<Identity>, Error>;
    CONNECTOR "[method]connection.browse"
        call_browse(connection: ResourceAny, operation: &str, filter: Option<&str>)
            -> Result<Vec<ObjectType>, Error>;
    CONNECTOR "[method]connection.profile"
        call_profile(connection: ResourceAny, operation: &str, object: Option<&str>)
            -> Result<Profile, Error>;
    CONNECTOR "[method]connection.execute"
        call_execute(
            connection: ResourceAny,
            operation: &str,
            object: Option<&str>,
            settings: &[Property],
            documents: &[Document]
        ) -> Result<Vec<Outcome>, Error>;
    CONNECTOR "[method]connection.listen"
        call_listen(connection: ResourceAny, object: &str, settings: &[Property])
            -> Result<ResourceAny, Error>;
    CONNECTOR "[method]connection.settle"
        call_settle(connection: ResourceAny, object: &str, settlements: &[Settlement])
            -> Result<Vec<Settled>, Error>;
    CONNECTOR "[method]connection.renew"
        call_renew(connection: ResourceAny, settings: &[Property]) -> Result<(), Error>;
    CONNECTOR "[method]listener.commit"
        call_commit(listener: ResourceAny) -> CommitMode;
    CONNECTOR "[method]listener.next"
        call_next(listener: ResourceAny) -> Result<Vec<Delivery>, Error>;
    CONNECTOR "[method]listener.stop"
        call_stop(listener: ResourceAny) -> Result<(), Error>;
}

fn find(
    component: &Component,
    interface: &str,
    name: &str,
) -> wasmtime::Result<ComponentExportIndex> {
    component
        .get_export_index(None, interface)
        .and_then(|interface| component.get_export_index(Some(&interface), name))
        .ok_or_else(|| missing(name))
}

fn missing(name: &str) -> wasmtime::Error {
    wasmtime::Error::msg(format!("there is no function {name:?}"))
}
