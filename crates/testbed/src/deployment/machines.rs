//! The processes of a deployment.

use std::time::Duration;

use super::config::{self, Doors, cosigner_name};
use super::{Deployment, DeploymentError, GATEWAY, Nodes};
use crate::ledgers::Ledgers;
use crate::place;
use crate::process::{Program, Running};
use crate::vendor::http_client;

/// How long a process may take until it is ready.
const READY: Duration = Duration::from_secs(30);

/// How long processes may take to end before they are killed. The gateway itself gives requests 2 s.
const END: Duration = Duration::from_millis(2400);

impl Deployment {
    /// Starts gateway and co-signers and waits until each is ready.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn start(&mut self) -> Result<(), DeploymentError> {
        self.start_gateway().await?;
        for index in 1..=self.plan.cosigners {
            self.launch_cosigner(index)?;
        }
        self.wait_for_cosigners().await
    }

    /// Waits until the gateway sees every running co-signer ready.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn wait_for_cosigners(&mut self) -> Result<(), DeploymentError> {
        let running: Vec<u8> = self.cosigners.keys().copied().collect();
        for index in running {
            self.wait_for_cosigner(index).await?;
        }
        Ok(())
    }

    /// Starts the gateway, on the ports that it had before if it ran before, and waits until it accepts payouts.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn start_gateway(&mut self) -> Result<(), DeploymentError> {
        let nodes = self.nodes();
        self.start_gateway_with(&nodes).await
    }

    /// Starts the gateway on the ports that it had before, without waiting for it.
    ///
    /// # Errors
    /// [`DeploymentError`]; [`DeploymentError::NotRunning`] before its first start.
    pub fn launch_gateway(&mut self) -> Result<(), DeploymentError> {
        self.configure_gateway(&self.doors()?, &self.nodes())?;
        self.gateway = Some(self.gateway_program()?.start()?);
        Ok(())
    }

    /// The same with other nodes than the deployment's chain.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn start_gateway_on(&mut self, urls: &[String]) -> Result<(), DeploymentError> {
        self.start_gateway_with(&Nodes { urls: urls.to_vec(), witnesses: 1 }).await
    }

    async fn start_gateway_with(&mut self, nodes: &Nodes) -> Result<(), DeploymentError> {
        let doors = self.doors.unwrap_or_else(config::free_doors);
        self.configure_gateway(&doors, nodes)?;
        let addresses = self.folder.addresses();
        // What an earlier process wrote says nothing about this one.
        let _ = std::fs::remove_file(&addresses);
        let mut running = self.gateway_program()?.start()?;
        let written = async || serde_json::from_slice::<Doors>(&std::fs::read(&addresses).ok()?).ok();
        let doors = running.until("open its doors", READY, written).await?;
        let http = http_client(Duration::from_secs(5));
        let ready = format!("{}/readyz", doors.api_url());
        let look = async || {
            let reply = http.get(&ready).send().await.ok()?;
            reply.status().is_success().then_some(())
        };
        running.until("become ready", READY, look).await?;
        self.doors = Some(doors);
        self.gateway = Some(running);
        Ok(())
    }

    fn configure_gateway(&self, doors: &Doors, nodes: &Nodes) -> Result<(), DeploymentError> {
        let path = self.folder.gateway_config();
        let chains = match &self.public {
            Some(public) => public.chain_table(),
            // TRON's table is the last.
            None => config::chains(&self.plan, nodes, self.ledgers.as_ref()) + &self.tron_settings,
        };
        let text = config::gateway(&self.plan, doors) + &chains;
        std::fs::write(&path, text).map_err(DeploymentError::file(&path))
    }

    /// The gateway's program, as it is configured now.
    ///
    /// # Errors
    /// [`DeploymentError::Place`] when it was not built.
    pub fn gateway_program(&self) -> Result<Program, DeploymentError> {
        let config = self.folder.gateway_config();
        Ok(self.program(GATEWAY, "bursar", ["serve".into(), "--config".into(), config.into()])?)
    }

    /// A co-signer's program, as it is configured now.
    ///
    /// # Errors
    /// [`DeploymentError::Place`] when it was not built.
    pub fn cosigner_program(&self, index: u8) -> Result<Program, DeploymentError> {
        let config = self.folder.cosigner_config(index);
        let name = format!("cosigner-{index}");
        Ok(self.program(&name, "bursar-cosigner", ["run".into(), "--config".into(), config.into()])?)
    }

    fn program<const N: usize>(
        &self,
        name: &str,
        file: &str,
        arguments: [std::ffi::OsString; N],
    ) -> Result<Program, place::PlaceError> {
        let (file, environment) = match &self.crash_order {
            None => (file.to_owned(), Vec::new()),
            Some(order) => {
                let mut at = std::ffi::OsString::from("@");
                at.push(order);
                (format!("{file}-with-crash-points"), vec![(crash::VARIABLE, at)])
            }
        };
        Ok(Program {
            name: name.to_owned(),
            path: place::program(&file)?,
            arguments: arguments.into(),
            environment,
            log: self.folder.log(name),
            records: self.folder.records(),
        })
    }

    /// Starts a co-signer and waits until the gateway sees it ready.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn start_cosigner(&mut self, index: u8) -> Result<(), DeploymentError> {
        self.launch_cosigner(index)?;
        self.wait_for_cosigner(index).await
    }

    /// Starts a co-signer without waiting for it.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub fn launch_cosigner(&mut self, index: u8) -> Result<(), DeploymentError> {
        let path = self.folder.cosigner_config(index);
        let text = config::cosigner(&self.plan, index, &self.doors()?);
        std::fs::write(&path, text).map_err(DeploymentError::file(&path))?;
        let running = self.cosigner_program(index)?.start()?;
        self.cosigners.insert(index, running);
        Ok(())
    }

    /// Waits until the gateway sees a co-signer ready.
    ///
    /// # Errors
    /// [`DeploymentError`].
    pub async fn wait_for_cosigner(&mut self, index: u8) -> Result<(), DeploymentError> {
        let status = format!("{}/status", self.doors()?.operator_url());
        let http = http_client(Duration::from_secs(5));
        let running = self.cosigners.get_mut(&index).ok_or_else(|| absent(index))?;
        let look = async || {
            let reply = http.get(&status).send().await.ok()?;
            let status: serde_json::Value = reply.json().await.ok()?;
            let seats = status["cosigners"].as_array()?;
            let seat = seats.iter().find(|seat| seat["index"].as_u64() == Some(index.into()))?;
            (seat["condition"] == "ready").then_some(())
        };
        running.until("become ready", READY, look).await?;
        Ok(())
    }

    /// The gateway's process.
    ///
    /// # Errors
    /// [`DeploymentError::NotRunning`].
    pub fn gateway(&mut self) -> Result<&mut Running, DeploymentError> {
        self.gateway.as_mut().ok_or_else(|| DeploymentError::NotRunning(GATEWAY.to_owned()))
    }

    /// A co-signer's process.
    ///
    /// # Errors
    /// [`DeploymentError::NotRunning`].
    pub fn cosigner(&mut self, index: u8) -> Result<&mut Running, DeploymentError> {
        self.cosigners.get_mut(&index).ok_or_else(|| absent(index))
    }

    /// Kills the gateway, as a loss of power does.
    pub fn kill_gateway(&mut self) {
        self.gateway = None;
    }

    /// Kills a co-signer, as a loss of power does.
    pub fn kill_cosigner(&mut self, index: u8) {
        self.cosigners.remove(&index);
    }

    /// Asks the gateway to end, and waits for it.
    pub async fn stop_gateway(&mut self) {
        if let Some(running) = self.gateway.take() {
            running.stop(END).await;
        }
    }

    /// Every process that runs now, by name and process id, the chain's included.
    pub fn running(&mut self) -> Vec<(String, i32)> {
        let ours = self.gateway.iter_mut().chain(self.cosigners.values_mut());
        let ledgers = self.ledgers.as_mut().map(Ledgers::processes).into_iter().flatten();
        ours.chain([self.anvil.process()])
            .chain(ledgers)
            .filter_map(|running| {
                running.ended().is_none().then(|| (running.name().to_owned(), running.pid()))
            })
            .collect()
    }

    /// Ends everything: asks all at once, waits, kills what is left. Takes less than 3 s.
    pub async fn stop(self) {
        let Self { anvil, ledgers, gateway, cosigners, .. } = self;
        let ours = gateway.into_iter().chain(cosigners.into_values());
        futures::future::join_all(ours.map(|running| running.stop(END))).await;
        // Last, so that nobody logs that the chain is gone.
        let patience = Duration::from_millis(300);
        let ledgers = async {
            if let Some(ledgers) = ledgers {
                ledgers.stop(patience).await;
            }
        };
        futures::join!(anvil.stop(patience), ledgers);
    }
}

fn absent(index: u8) -> DeploymentError {
    DeploymentError::NotRunning(format!("co-signer {}", cosigner_name(index)))
}
