/**
 * Every coded error of the project: when it is worth trying again, and what a person does now.
 * Sorted by code. `npm run docs` writes docs/errors.md from it.
 */
interface Entry {
  readonly retry: "now" | "later" | "never";
  readonly meaning: string;
  readonly remedy: string;
}

const entries = {
  "access.attribute": {
    retry: "never",
    meaning:
      "The certificate lacks an attribute that the ledger needs (role, microgrid, participant, device).",
    remedy: "Enrol again with all attributes; do not drop any in the enrolment request.",
  },
  "access.device": {
    retry: "never",
    meaning: "The certificate names another device than the registered one.",
    remedy: "Enrol and register the same device.",
  },
  "access.key": {
    retry: "never",
    meaning: "The caller's certificate holds another key than the registered one.",
    remedy: "Enrol with the key that the operator registered, or have the new key registered.",
  },
  "access.microgrid": {
    retry: "never",
    meaning: "The certificate is for another microgrid.",
    remedy: "Connect to the channel of the microgrid that stands in the certificate.",
  },
  "access.organisation": {
    retry: "never",
    meaning: "The role in the certificate does not belong to the organisation that issued it.",
    remedy:
      "Enrol at the CA of the right organisation: residents at the community's, utilities at the utility's, operator and banks at the operator's.",
  },
  "access.role": {
    retry: "never",
    meaning: "The caller's role may not make this transaction.",
    remedy: "Use an identity whose role is listed for the transaction in docs/ledger.md.",
  },
  "access.suspended": {
    retry: "later",
    meaning: "The participant is suspended.",
    remedy: "Ask the operator why, and to make the participant active again.",
  },
  "access.unregistered": {
    retry: "later",
    meaning: "The caller's participant is not registered on the ledger.",
    remedy:
      "Have the operator register it: RegisterParticipant with the file written at enrolment.",
  },
  "bus.closed": {
    retry: "never",
    meaning: "The bus was closed while a request waited.",
    remedy: "None is needed when the program ends.",
  },
  "bus.crc": {
    retry: "later",
    meaning: "Something answered, but no answer came through undamaged.",
    remedy:
      "Check that no two meters share a unit id; on a serial line also baud rate and parity, the A and B wires and the 120 ohm termination, behind a gateway the settings of its line.",
  },
  "bus.deadline": {
    retry: "later",
    meaning: "The bus was too busy, or held for a silent meter, for the request's turn to come.",
    remedy: "Poll less often, or see to the meter on this bus that does not answer.",
  },
  "bus.exception": {
    retry: "never",
    meaning: "The meter refused the request with a Modbus exception.",
    remedy:
      "Check that the profile fits model and firmware; exception 2 is a register that the meter does not have.",
  },
  "bus.port-gone": {
    retry: "later",
    meaning: "The serial port or the network connection was lost while it was in use.",
    remedy:
      "It is opened again by itself. If it is not, plug the adapter in again; over TCP check power and network of the meter or gateway, and whether it allows another connection.",
  },
  "bus.port-missing": {
    retry: "later",
    meaning: "The serial port cannot be opened, or nothing answers at the network address.",
    remedy:
      "Serial: check path and plug (ls /dev/serial/by-id), that no other program uses the port, and that the user is in the group dialout. TCP: check host, port and network. It is tried again by itself.",
  },
  "bus.queue-full": {
    retry: "later",
    meaning: "Too many requests wait for the bus.",
    remedy: "Poll less often, or share the meters between two buses.",
  },
  "bus.timeout": {
    retry: "later",
    meaning: "The meter did not answer in time.",
    remedy:
      "Check power and unit id of the meter; on a serial line also the A and B wires, baud rate and parity, behind a gateway the settings of its line.",
  },
  "clock.holdover": {
    retry: "later",
    meaning: "No time server was reached for hours; the clock goes on by itself.",
    remedy:
      "Restore the connection to the internet within a day of its loss; until then all goes on.",
  },
  "clock.sources-disagree": {
    retry: "later",
    meaning: "Two sources of time are more than 9 s apart.",
    remedy:
      "See which one is wrong (timedatectl, chronyc sources): a battery clock is set by hwclock --systohc, a time server is replaced in the configuration of timesyncd or chrony.",
  },
  "clock.stepped": {
    retry: "later",
    meaning: "The clock was set by more than 9 s while it was thought to be right.",
    remedy:
      "Find out who set it; the step is recorded and signed. Run one service that keeps the time, timesyncd or chrony.",
  },
  "clock.unknown": {
    retry: "later",
    meaning:
      "Nobody vouches for the time: meters are read, but no interval is closed and no order placed.",
    remedy:
      "Wait a minute after a start. Then see timedatectl: NTP must be on and UDP port 123 open to the internet, or a time server of the local network be set.",
  },
  "config.bus-overloaded": {
    retry: "never",
    meaning: "The meters of a bus cannot all be read within their poll intervals.",
    remedy:
      "Do what the last line of the message says: a longer pollIntervalMs, or a faster baud rate at all meters and in the configuration; or share the meters between two buses.",
  },
  "config.http-exposed": {
    retry: "never",
    meaning: "The page would be reachable from outside this machine, and it has no login.",
    remedy:
      "Set http.host to 127.0.0.1; to see the page from elsewhere use a tunnel, e.g. ssh -L 8080:127.0.0.1:8080.",
  },
  "config.invalid": {
    retry: "never",
    meaning: "The configuration does not have the shape it must have.",
    remedy: "Correct the file at the line and key in the message, and start again.",
  },
  "config.slot-mismatch": {
    retry: "never",
    meaning: "The agent's slots have another length than the microgrid's.",
    remedy:
      "Set slots.seconds to the microgrid's slotSeconds (participants:ReadSettings), and start again.",
  },
  "config.unreadable": {
    retry: "never",
    meaning: "The configuration file cannot be read.",
    remedy: "Check the path after --config and the file's owner and mode.",
  },
  "device.agent-down": {
    retry: "later",
    meaning: "No agent answers on this machine.",
    remedy:
      "Start it (systemctl start powershare-agent, or by hand) and read its log; exit 2 is its configuration, 3 something outside.",
  },
  "device.certificate": {
    retry: "never",
    meaning: "The device's certificate is missing, unreadable, or for another key or participant.",
    remedy:
      "Run powershare enrol with the agent's dataDir: it fetches the certificate for the key in this TPM.",
  },
  "device.certificate-ends": {
    retry: "later",
    meaning: "The device's certificate has expired, or soon will, or is not valid yet.",
    remedy:
      "Check the clock first. An agent whose configuration names the registrar renews it, also an expired one, and its page says what keeps it from that; by hand: stop the agent, powershare enrol --renew, start it.",
  },
  "device.data-dir": {
    retry: "later",
    meaning: "The agent's folder is missing, belongs to somebody else, or can be read by others.",
    remedy:
      "install -d -m 700 -o powershare -g powershare with the folder's path, and run all commands as that user.",
  },
  "device.disk": {
    retry: "later",
    meaning:
      "The agent's folder is on a disk that forgets or cannot lock: in memory, or over a network.",
    remedy: "Put dataDir on a local disk with ext4, btrfs, xfs or f2fs.",
  },
  "device.evidence-old": {
    retry: "later",
    meaning: "Nothing was certified by the TPM for minutes.",
    remedy:
      "Look at the lines on meters, TPM and store: what is not read, cannot be signed or not be kept is not certified.",
  },
  "device.node-version": {
    retry: "never",
    meaning: "This version of Node is too old.",
    remedy: "Install Node 20.19 or newer.",
  },
  "device.peer-tls": {
    retry: "later",
    meaning: "The peer answers, but does not prove to be the one in the configuration.",
    remedy:
      "Compare ledger.tlsHostname and ledger.tlsRootCertificate with what the operator gave; look for who stands in between.",
  },
  "device.port-busy": {
    retry: "later",
    meaning: "Another program has the serial port open.",
    remedy: "End the program that is named; a port belongs to one program at a time.",
  },
  "device.service": {
    retry: "later",
    meaning: "systemd does not keep the agent running.",
    remedy:
      "systemctl status powershare-agent says why; then systemctl enable --now powershare-agent.",
  },
  "device.unlooked": {
    retry: "later",
    meaning: "The check itself failed or did not end in time, so nothing is known.",
    remedy:
      "Run the command as the agent's user or as root, and again; where it stays, what the line names hangs.",
  },
  "enrolment.attestation": {
    retry: "never",
    meaning:
      "The attestation in the request is forged, of another kind, or does not cover this request.",
    remedy:
      "Make the request on the device itself and carry it unchanged; look for who changed it on the way.",
  },
  "enrolment.ca": {
    retry: "later",
    meaning: "The registrar's certificate authority refused or does not answer.",
    remedy:
      "Operator: look at the registrar's log and the CA. What was approved is kept and tried again by itself.",
  },
  "enrolment.closed": {
    retry: "never",
    meaning: "This enrolment was declined, has expired or was replaced by a newer request.",
    remedy: "Start a new enrolment on the device.",
  },
  "enrolment.code": {
    retry: "never",
    meaning: "The code typed at approval is not the code of this request.",
    remedy:
      "Ask the installer for the code on the device's screen; where it differs again, decline: it is another device's request.",
  },
  "enrolment.consent-missing": {
    retry: "later",
    meaning:
      "The device of a participant is to be replaced, and the household or its utility has not agreed on the ledger.",
    remedy:
      "Have the household ask with its old key, or, where that is lost, ask as operator and have the utility confirm; then approve again.",
  },
  "enrolment.counter": {
    retry: "never",
    meaning: "The request names another NV counter than a device's orderly one.",
    remedy:
      "Make the request with powershare enrol; a counter of other attributes could be set back.",
  },
  "enrolment.csr": {
    retry: "never",
    meaning:
      "The certificate request is not signed by the certified reading key, or is in another name.",
    remedy:
      "Make it on the enrolled device; a certificate is given to the key in its TPM and to no other.",
  },
  "enrolment.declined": {
    retry: "never",
    meaning: "The operator declined this enrolment.",
    remedy: "Read the reason, talk to the operator, and start a new enrolment.",
  },
  "enrolment.enrolled": {
    retry: "never",
    meaning: "This device or this key is enrolled already.",
    remedy: "Renew its certificate, or declare which participant's device it replaces.",
  },
  "enrolment.expired": {
    retry: "never",
    meaning: "The operator did not decide in time.",
    remedy: "Start a new enrolment and give the operator its code.",
  },
  "enrolment.key": {
    retry: "never",
    meaning:
      "A key in the request has not the attributes of a device's: made in the TPM, bound to it, and restricted where it attests.",
    remedy:
      "Make the keys with powershare enrol; software keys and imported ones are not accepted.",
  },
  "enrolment.ledger": {
    retry: "never",
    meaning: "The registrar has no connection to the ledger.",
    remedy: "Give its configuration the `ledger` block with the operator's certificate and key.",
  },
  "enrolment.limit": {
    retry: "later",
    meaning: "Too many requests came from this address.",
    remedy: "Wait a minute and try again.",
  },
  "enrolment.maker": {
    retry: "never",
    meaning:
      "The TPM's certificate is missing, expired, for another key, or no trusted maker issued it.",
    remedy:
      "Use a TPM with a maker's certificate for P-256; the operator adds a maker's root after comparing it with the maker's own site.",
  },
  "enrolment.not-approved": {
    retry: "later",
    meaning: "The operator has not approved this enrolment yet.",
    remedy: "Give the operator the code on the screen and wait.",
  },
  "enrolment.operator": {
    retry: "never",
    meaning: "An operator's token or session is missing, wrong or has ended.",
    remedy:
      "Use the token file that the registrar wrote for this operator, or ask for a new link to the page.",
  },
  "enrolment.origin": {
    retry: "never",
    meaning: "The request comes from another page or names another host than the registrar's own.",
    remedy: "Open the registrar's page by its own address; its configuration says which.",
  },
  "enrolment.queue-full": {
    retry: "later",
    meaning: "As many requests are waiting as the registrar keeps.",
    remedy: "Operator: approve or decline what is waiting; device: try again later.",
  },
  "enrolment.renewal": {
    retry: "later",
    meaning:
      "There is nothing to renew for this device, or the challenge is unknown, used or too old.",
    remedy: "Ask for a new challenge at once; a revoked or unknown device enrols anew.",
  },
  "enrolment.replayed": {
    retry: "never",
    meaning: "The very same request was made before.",
    remedy: "Run powershare enrol again: each request of a device is a new one.",
  },
  "enrolment.request": {
    retry: "never",
    meaning: "The request is not of the registrar's form, or too large.",
    remedy: "Use this version's powershare on both sides; the message says which field is wrong.",
  },
  "enrolment.response": {
    retry: "never",
    meaning: "The response is for another device or another request than this one's.",
    remedy: "Take the response to the request that this device made last.",
  },
  "enrolment.secret": {
    retry: "never",
    meaning:
      "The secret is not the one that the credential carried, or it was used for another key.",
    remedy:
      "Let the device activate its credential again; after five wrong ones the enrolment is closed.",
  },
  "enrolment.token": {
    retry: "never",
    meaning: "There is no such enrolment, or the token is not its own.",
    remedy: "Use the token that the registrar gave for this enrolment, or start a new one.",
  },
  "enrolment.unavailable": {
    retry: "later",
    meaning: "The registrar cannot be reached, or it does not prove to be the operator's.",
    remedy:
      "Check address and network, and that the registrar's CA certificate is the one that the operator gave you.",
  },
  "evidence.alignment": {
    retry: "never",
    meaning: "An interval does not begin and end at boundaries of slots.",
    remedy: "Set the agent's slots.seconds to the microgrid's slotSeconds (ReadSettings).",
  },
  "evidence.attestation": {
    retry: "never",
    meaning:
      "The attestation is not a TPM structure of the kind expected, or is cut short or too long.",
    remedy:
      "Check that the evidence was not changed, and that the agent and the ledger run compatible versions.",
  },
  "evidence.attestation-signature": {
    retry: "never",
    meaning: "The checkpoint is not signed by the registered attestation key.",
    remedy: "Check that the TPM is the registered one and that the evidence was not changed.",
  },
  "evidence.batch": {
    retry: "never",
    meaning: "The batch of a checkpoint does not begin after the last reading of the batch before.",
    remedy: "The evidence was put together wrongly or changed: export it again.",
  },
  "evidence.batch-incomplete": {
    retry: "never",
    meaning: "A reading stands without proof in a file that does not hold its whole batch.",
    remedy: "Export the reading with its inclusion proof, or with all readings of its batch.",
  },
  "evidence.boundary": {
    retry: "never",
    meaning:
      "A reading is not what the interval that ends with it says: another meter, rejected, or taken at another time.",
    remedy: "The interval or the reading was changed: export the evidence again.",
  },
  "evidence.certificate": {
    retry: "never",
    meaning:
      "The certificate does not vouch for the reading key, or nobody trusted vouches for the certificate.",
    remedy:
      "Use the CA certificate of the microgrid that enrolled the device, and evidence that holds its certificate.",
  },
  "evidence.certification": {
    retry: "never",
    meaning: "The attestation key's certification of the reading key does not hold.",
    remedy: "Enrol again; the keys must be made in the same TPM.",
  },
  "evidence.chain": {
    retry: "never",
    meaning: "An interval does not carry the hash of the one before it.",
    remedy: "Restore the agent's store; an interval that the ledger accepted is never changed.",
  },
  "evidence.chain-head": {
    retry: "never",
    meaning: "The readings of a batch do not continue the chain of readings before it.",
    remedy: "A reading was changed, left out or put in: export the evidence again.",
  },
  "evidence.counter": {
    retry: "never",
    meaning: "The TPM counter is not above the last one accepted for this meter.",
    remedy: "Submit packages oldest first; an old checkpoint can not be used again.",
  },
  "evidence.counter-name": {
    retry: "never",
    meaning: "The checkpoint certifies another NV index than the registered counter.",
    remedy: "Check that the TPM was not cleared; after a new enrolment register the new counter.",
  },
  "evidence.device": {
    retry: "never",
    meaning: "The checkpoint is another device's.",
    remedy: "Check that the agent uses the TPM it was registered with.",
  },
  "evidence.energy": {
    retry: "never",
    meaning: "The energy of an interval is not the difference of its registers.",
    remedy: "The interval was made wrongly or changed: restore the agent's store.",
  },
  "evidence.epoch": {
    retry: "never",
    meaning: "The placement epoch of an interval is lower than that of the one before.",
    remedy: "Restore the agent's store; an epoch only rises.",
  },
  "evidence.fork": {
    retry: "never",
    meaning: "Two checkpoints of one device have the same number and say different things.",
    remedy:
      "Two programs used one TPM, or an old copy of the store was restored: enrol the device again.",
  },
  "evidence.future": {
    retry: "later",
    meaning: "An interval ends after the time of its transaction.",
    remedy: "Check the agent's clock against UTC.",
  },
  "evidence.inclusion": {
    retry: "never",
    meaning: "A reading does not hash into the batch that the checkpoint covers.",
    remedy: "The reading or its proof was changed: export the evidence again.",
  },
  "evidence.interval-head": {
    retry: "never",
    meaning: "The checkpoint does not name the last interval of the package as the meter's newest.",
    remedy: "Send the interval under the checkpoint that was made when it was sealed.",
  },
  "evidence.key": {
    retry: "never",
    meaning:
      "A public key is not a TPM key of the kind required: P-256, made in the TPM and bound to it, the attestation key restricted.",
    remedy: "Provision the TPM with `powershare enrol`; imported or copied keys are not accepted.",
  },
  "evidence.limit": {
    retry: "never",
    meaning:
      "An interval holds more energy than can flow through the meter by the limit it is registered with, a fifth of it and a minute included.",
    remedy:
      "Compare with the meter's display: its ratio or profile is wrong, or the limit was registered too low; then have the household registered anew.",
  },
  "evidence.merkle-root": {
    retry: "never",
    meaning: "An interval names another batch than the one in which it ends.",
    remedy: "The interval was made wrongly or changed: restore the agent's store.",
  },
  "evidence.meter": {
    retry: "never",
    meaning: "The meter is not registered for this participant in this role.",
    remedy: "Have the operator register the meter, with its serial number and role.",
  },
  "evidence.meter-closed": {
    retry: "never",
    meaning: "The meter's registers began anew, and the evidence goes beyond where they ended.",
    remedy: "Send the energy since then as evidence of the meter's new epoch.",
  },
  "evidence.meter-unconfirmed": {
    retry: "later",
    meaning: "The operator has not confirmed this new epoch of the meter yet.",
    remedy: "Nothing is lost: the agent keeps the evidence. Ask the operator to confirm the epoch.",
  },
  "evidence.not-canonical": {
    retry: "never",
    meaning:
      "A value cannot be hashed: it holds something other than strings, safe integers, booleans, null, arrays and plain objects.",
    remedy: "This is a defect of the program that made the value: report it.",
  },
  "evidence.participant": {
    retry: "never",
    meaning: "The package is another participant's.",
    remedy: "Submit with the identity of the participant that the package names.",
  },
  "evidence.quality": {
    retry: "never",
    meaning: "An interval is called good although it is not exactly one slot long.",
    remedy: "Compare the agent's slots.seconds with the microgrid's slotSeconds (ReadSettings).",
  },
  "evidence.reading-repeated": {
    retry: "never",
    meaning: "A reading stands in the file twice.",
    remedy: "Export the evidence again.",
  },
  "evidence.reading-uncovered": {
    retry: "never",
    meaning: "No checkpoint in the file covers a reading.",
    remedy: "Export the reading together with the checkpoint of its batch.",
  },
  "evidence.readings": {
    retry: "never",
    meaning: "The boundary readings of an interval do not follow those of the interval before.",
    remedy: "Restore the agent's store; one reading closes an interval and opens the next.",
  },
  "evidence.register-gap": {
    retry: "never",
    meaning: "A register does not begin where the interval before left it.",
    remedy: "Check the meter: it was exchanged, reset or read wrongly; report a replacement.",
  },
  "evidence.register-value": {
    retry: "never",
    meaning:
      "The raw registers of a reading at the end of an interval say another value than the interval.",
    remedy:
      "The interval was made wrongly or changed, or the profile decodes the meter wrongly: compare with the meter's display.",
  },
  "evidence.register-went-back": {
    retry: "never",
    meaning: "A register is lower at the end of an interval than at its start.",
    remedy: "Check the meter: it was exchanged, reset or read wrongly; report a replacement.",
  },
  "evidence.reset-count": {
    retry: "never",
    meaning: "The TPM's reset count is lower than before.",
    remedy: "Check that the TPM is the registered one and was not restored from a copy.",
  },
  "evidence.role": {
    retry: "never",
    meaning: "An interval gives its meter another role than the registered one.",
    remedy: "Set the meter's role in the agent's configuration as it was registered.",
  },
  "evidence.schema": {
    retry: "never",
    meaning: "The evidence does not have the shape of the format.",
    remedy: "Compare with docs/evidence.md; the message names the place.",
  },
  "evidence.sequence": {
    retry: "never",
    meaning: "Intervals are not consecutive, or do not follow the last one accepted.",
    remedy: "Ask ReadMeter for the last accepted sequence and send from the next on.",
  },
  "evidence.signature": {
    retry: "never",
    meaning: "The package is not signed by the registered reading key.",
    remedy: "Check that the agent uses the TPM it was registered with.",
  },
  "evidence.software": {
    retry: "never",
    meaning:
      "A quote of the agent's software does not hold: its signature, what it repeats, or the PCR.",
    remedy:
      "Do not rely on what the file says of the software; ask the household for a file made anew.",
  },
  "evidence.statement": {
    retry: "never",
    meaning: "The TPM certified another statement than the one given.",
    remedy: "Check that the evidence was not changed after its checkpoint.",
  },
  "evidence.statement-chain": {
    retry: "never",
    meaning: "A checkpoint does not carry the hash of the one before it.",
    remedy: "A checkpoint was changed, left out or put in: export the evidence again.",
  },
  "evidence.time-gap": {
    retry: "never",
    meaning: "An interval does not start where the one before ended.",
    remedy: "Restore the agent's store; missed slots are covered by one gap interval.",
  },
  "evidence.time-order": {
    retry: "never",
    meaning: "An interval does not end after its start.",
    remedy: "The interval was made wrongly or changed: restore the agent's store.",
  },
  "evidence.uncovered": {
    retry: "never",
    meaning: "The checkpoint was made before the last reading of the package.",
    remedy: "Send the interval under the checkpoint that was made when it was sealed.",
  },
  "fabric.binaries-missing": {
    retry: "never",
    meaning: "A program of Hyperledger Fabric is not there.",
    remedy:
      "Run `npm run setup`, or set FABRIC_BIN to a folder with peer, orderer, configtxgen and fabric-ca-server.",
  },
  "fabric.binaries-version": {
    retry: "never",
    meaning: "The programs of Hyperledger Fabric are of another version.",
    remedy:
      "Unset FABRIC_BIN to use those that `npm run setup` builds, or point it to version 3.1.1.",
  },
  "fabric.ca-identity-exists": {
    retry: "never",
    meaning: "The certificate authority already has an identity of this name.",
    remedy: "Register under another id, or enrol with the secret given at the first registration.",
  },
  "fabric.ca-refused": {
    retry: "never",
    meaning: "The certificate authority said no.",
    remedy:
      "Read its reason in the message; a secret can be used once, and only a registrar may register.",
  },
  "fabric.ca-request": {
    retry: "never",
    meaning: "The request to the certificate authority has a missing, wrong or unknown field.",
    remedy: "Correct the field named in the message.",
  },
  "fabric.ca-unavailable": {
    retry: "later",
    meaning: "The certificate authority does not answer.",
    remedy:
      "Check that its address is right and that it runs; its log stands in the network's folder under logs.",
  },
  "fabric.command-failed": {
    retry: "later",
    meaning: "A step of bringing up the network failed.",
    remedy:
      "Read the last lines in the message; the logs stand in the network's folder under logs.",
  },
  "fabric.data-mismatch": {
    retry: "never",
    meaning: "The folder holds a network that this version did not make.",
    remedy: "Choose another folder, or delete it to begin with an empty ledger.",
  },
  "fabric.dir-in-use": {
    retry: "never",
    meaning: "Another running process already has this network up.",
    remedy: "Stop that process, or choose another folder.",
  },
  "fabric.not-ready": {
    retry: "later",
    meaning: "A part of the network did not become ready in time.",
    remedy:
      "Read its last log lines in the message; on a busy machine, end other work and start again.",
  },
  "fabric.port-taken": {
    retry: "later",
    meaning: "A port of the network is in use by another program.",
    remedy: "End the program that uses it (`ss -ltnp` names it), then start again.",
  },
  "fabric.process-exited": {
    retry: "later",
    meaning: "A program of the network ended by itself.",
    remedy: "Read its last log lines in the message, mend the cause and start again.",
  },
  "ledger.answer": {
    retry: "never",
    meaning: "The ledger answered in a form that this program does not know.",
    remedy: "Bring this program and the chaincode to versions that belong together.",
  },
  "ledger.arguments": {
    retry: "never",
    meaning: "A transaction got the wrong number of arguments, or one of the wrong form.",
    remedy: "Compare with docs/ledger.md.",
  },
  "ledger.certificate-ends": {
    retry: "later",
    meaning:
      "The household's certificate ends soon, or has ended, and could not be renewed. After its end the ledger takes nothing of this household; readings are kept and sent later.",
    remedy:
      "Check that the operator's registrar can be reached and stands in the configuration under `registrar`; the agent goes on trying. By hand: stop the agent, `powershare enrol --renew`, start it.",
  },
  "ledger.clock": {
    retry: "now",
    meaning: "The transaction's timestamp is more than 30 s from the endorsing peer's clock.",
    remedy: "Check the clocks (NTP) of the client and of the peer's host.",
  },
  "ledger.commit-unknown": {
    retry: "later",
    meaning: "It is not known whether the transaction was committed.",
    remedy:
      "Ask for the outcome by transaction id, then send the same bytes again; never make a new transaction before.",
  },
  "ledger.conflict": {
    retry: "now",
    meaning: "Another transaction changed the same keys first; nothing was written.",
    remedy: "Try again with a new transaction.",
  },
  "ledger.conservation": {
    retry: "never",
    meaning: "The sums of the transaction would not be zero; nothing was written.",
    remedy: "This is a defect of the chaincode: report it with the transaction's arguments.",
  },
  "ledger.endorse-refused": {
    retry: "never",
    meaning: "The chaincode or the peer refused the transaction.",
    remedy: "See the reason in the message; for a chaincode's code see its own remedy.",
  },
  "ledger.rejected": {
    retry: "never",
    meaning: "The transaction was ordered but found invalid; nothing was written.",
    remedy:
      "See the validation code; an endorsement policy failure means that the right organisations' peers did not sign.",
  },
  "ledger.settings-fixed": {
    retry: "never",
    meaning: "Microgrid or slot length can not be changed once set.",
    remedy: "Keep them, or start a new channel.",
  },
  "ledger.settings-missing": {
    retry: "later",
    meaning: "The microgrid has no settings yet.",
    remedy: "The operator sets them first: participants:SetSettings.",
  },
  "ledger.stopping": {
    retry: "later",
    meaning: "An organisation's chaincode is being stopped.",
    remedy: "Try again; other organisations' peers can endorse meanwhile.",
  },
  "ledger.unavailable": {
    retry: "later",
    meaning: "No peer could carry out the request.",
    remedy:
      "Check that the peers run and that the network path to them is open; the agent goes on by itself.",
  },
  "market.both-sides": {
    retry: "never",
    meaning: "A participant has sell and buy orders in one slot.",
    remedy: "Keep the orders of one side; a participant is seller or buyer in a slot.",
  },
  "market.duplicate-id": {
    retry: "never",
    meaning: "Two nodes, utilities or orders of a slot have the same id.",
    remedy: "Give each its own id.",
  },
  "market.evidence-missing": {
    retry: "later",
    meaning:
      "Evidence of some residents has not reached the slot's end, and the deadline has not passed.",
    remedy: "Wait for it, or settle after the deadline (settleAfterSeconds).",
  },
  "market.format": {
    retry: "never",
    meaning: "Orders or result of a slot do not have the documented form.",
    remedy: "Correct the place that the message names; docs/schemas holds the JSON Schema.",
  },
  "market.grid": {
    retry: "never",
    meaning: "The grid is no tree with one root.",
    remedy: "Give every node but one a parent, without cycles.",
  },
  "market.not-cleared": {
    retry: "later",
    meaning: "The slot is sealed and its orders are not matched yet.",
    remedy: "Clear it first, and settle when the clearing is committed.",
  },
  "market.not-ended": {
    retry: "later",
    meaning: "The slot has not ended.",
    remedy: "Settle after its end.",
  },
  "market.not-sealed": {
    retry: "later",
    meaning: "The slot is not sealed, so orders could still change.",
    remedy: "Seal it first, and clear when the seal is committed.",
  },
  "market.not-supported": {
    retry: "never",
    meaning: "This version does not clear or settle such a slot.",
    remedy:
      "Use the rule `uniform` for a grid with edges, and for settlement with one node; give `mid-market-rate` a utility.",
  },
  "market.seal-time": {
    retry: "later",
    meaning: "A slot is sealed only from its gate until its start.",
    remedy: "Seal between start minus gateSeconds and start.",
  },
  "market.sealed": {
    retry: "never",
    meaning: "The slot is sealed and takes no more orders.",
    remedy: "Place the order for a later slot.",
  },
  "market.settled": {
    retry: "never",
    meaning: "The slot is settled and can not be cleared any more.",
    remedy: "None is needed: the slot was settled at the utilities' tariffs.",
  },
  "market.settlement-input": {
    retry: "never",
    meaning:
      "Orders, result, measurements and utilities given for settlement do not belong together.",
    remedy:
      "Settle with the orders that were cleared, one measurement per participant, and a utility of the slot for each.",
  },
  "market.slot-range": {
    retry: "never",
    meaning: "The instant is not the start of a slot, or the slot is too far away.",
    remedy:
      "Use a multiple of slotSeconds; orders go to one of the next 96 slots, settlement to the last 35 days.",
  },
  "market.tariff": {
    retry: "never",
    meaning: "A utility's feed-in price is not below its retail price.",
    remedy: "Correct the tariff: feed-in below retail.",
  },
  "market.too-large": {
    retry: "never",
    meaning: "The energy of all orders on one side is beyond the exact integers.",
    remedy: "Split the slot's orders over several microgrids, or correct the energy.",
  },
  "market.unknown-id": {
    retry: "never",
    meaning: "A node, order or participant is named that the slot does not have.",
    remedy: "Correct the id that the message names, or add what it refers to.",
  },
  "meter.boundary-unconfirmed": {
    retry: "later",
    meaning:
      "Two reads of a meter's energy registers at a slot's boundary do not fit one another: one answer is a late copy of an older one.",
    remedy:
      "If it happens now and then nothing is lost, the meter is asked again. If it stays, look for another master or a converter with a cache on the line.",
  },
  "meter.epoch-changed": {
    retry: "now",
    meaning: "The new epoch of the meter is not the one that was shown.",
    remedy: "Load the page again, compare with the meter's display, and decide then.",
  },
  "meter.epoch-unknown": {
    retry: "never",
    meaning: "No new epoch of this meter waits for a decision.",
    remedy: "Load the page again: it may have been decided already, or an older one comes first.",
  },
  "meter.no-value": {
    retry: "later",
    meaning: "The meter gives no number where its profile has one.",
    remedy:
      "Check that the profile is the one of this model and firmware: powershare profile show, powershare read.",
  },
  "meter.register-ambiguous": {
    retry: "later",
    meaning:
      "A meter's registers can be explained in two ways: by going on, or by having begun anew unseen.",
    remedy:
      "If readings are accepted again it is over. If not, the household's page asks whether the meter was reset or replaced.",
  },
  "meter.register-jumped": {
    retry: "later",
    meaning: "A meter's register rose by more than its fuses let through in the time.",
    remedy:
      "If it happens once it was a bad reading. If it stays, check fuseA and phases in the configuration, and whether the meter was replaced.",
  },
  "meter.register-went-back": {
    retry: "later",
    meaning: "A meter's register is lower than at its last accepted reading.",
    remedy:
      "If it happens once it was a bad reading. If it stays, the meter was reset or replaced: report the replacement.",
  },
  "meter.replacement-suspected": {
    retry: "never",
    meaning:
      "A meter's readings keep contradicting the last accepted one although they agree among themselves; they are recorded, not billed.",
    remedy:
      "Compare the values on the household's page with the meter's display and confirm there that it was replaced, reset or set up anew, or that it was not; if the unit id is another meter's, correct the configuration.",
  },
  "meter.serial-changed": {
    retry: "later",
    meaning: "Another meter answers than the configured one.",
    remedy:
      "Check the unit id and serialNumber in the configuration. If the meter was replaced, the household's page asks about it after ten readings.",
  },
  "meter.setup-changed": {
    retry: "later",
    meaning: "The meter gives another transformer ratio or wiring than before.",
    remedy:
      "If nobody changed it, set it back at the meter. Otherwise confirm on the household's page that it was set up anew.",
  },
  "metering.epoch-closing": {
    retry: "never",
    meaning: "The epoch would end below what the ledger has accepted from the meter.",
    remedy: "Check the closing registers against the last evidence: metering:ReadMeter.",
  },
  "metering.epoch-unknown": {
    retry: "never",
    meaning: "No such new epoch of a meter was asked for, or not with these registers.",
    remedy: "Read what was asked for (metering:ListMeterEpochs), and confirm exactly that.",
  },
  "metering.placement-stale": {
    retry: "never",
    meaning: "A newer word on this placement epoch is on the ledger.",
    remedy: "Read it (metering:ReadPlacements), and judge what came since.",
  },
  "metering.placement-unknown": {
    retry: "later",
    meaning: "The ledger has not opened this placement epoch of this participant's meter.",
    remedy:
      "Read the epochs there are (metering:ReadPlacements); the next opens with the evidence that begins it.",
  },
  "metering.placement-window": {
    retry: "never",
    meaning: "What a judgement rests on lies partly outside its placement epoch, or in the future.",
    remedy: "Judge each epoch by what was measured in it.",
  },
  "metering.sign-test-failed": {
    retry: "never",
    meaning: "A report calls passed a sign test that failed in this placement epoch.",
    remedy: "Set the wiring right: that opens a new epoch, in which it is tested anew.",
  },
  "participants.exists": {
    retry: "never",
    meaning: "The participant is registered with other data.",
    remedy: "Use another id.",
  },
  "participants.replacement": {
    retry: "never",
    meaning:
      "This replacement of a device was not asked for so, or somebody else has to confirm it.",
    remedy:
      "Read what was asked for: the operator confirms what the household asked for, its utility what the operator asked for.",
  },
  "participants.taken": {
    retry: "never",
    meaning: "The device or a meter is registered with another participant.",
    remedy: "Check device and serial numbers.",
  },
  "participants.unknown": {
    retry: "never",
    meaning: "There is no such participant of the kind needed.",
    remedy: "See ListParticipants.",
  },
  "profile.bad-chain": {
    retry: "never",
    meaning: "The device's chain of SunSpec models has no end.",
    remedy: "Check base address and unit; the message shows what stands at the chain's begin.",
  },
  "profile.capture": {
    retry: "never",
    meaning: "The file is not a capture.",
    remedy: 'Write one frame a line: "> " or "< " and hex bytes; "#" begins a comment.',
  },
  "profile.invalid": {
    retry: "never",
    meaning: "A profile breaks the rules for profiles.",
    remedy:
      "Correct the places that the message names; firmware-profiles/README.md explains each field.",
  },
  "profile.no-model": {
    retry: "never",
    meaning: "The device has SunSpec models, but none that the profile reads.",
    remedy:
      "Choose the profile of a model that the message names: powershare profile list has SunSpec profiles by model.",
  },
  "profile.no-sunspec": {
    retry: "later",
    meaning: 'The device has no SunSpec marker ("SunS") at any base address of the profile.',
    remedy:
      "Switch SunSpec on in the device's settings, check the unit, or choose another profile.",
  },
  "profile.unknown": {
    retry: "never",
    meaning: "There is no profile with this id.",
    remedy: "See `powershare profile list`; a new meter needs one YAML file and a capture.",
  },
  "profile.unreadable": {
    retry: "never",
    meaning: "The profile is not YAML.",
    remedy: "Correct the line that the message names.",
  },
  "profile.unresolved": {
    retry: "never",
    meaning: "A SunSpec profile has no addresses before a device's models were found.",
    remedy: "Read from a live device; without one, use profile show.",
  },
  "profile.value": {
    retry: "never",
    meaning: "A register of the simulated meter cannot hold a value.",
    remedy: "Correct the value, or the register's type and scale in the profile.",
  },
  "simulator.cheat-unresolved": {
    retry: "now",
    meaning: "What a cheating household of the demo sold was not given back in time.",
    remedy: "Look into aggregator.log and the household's agent.log in the demo's directory.",
  },
  "simulator.no-settlement": {
    retry: "later",
    meaning: "No trade was settled within ten minutes of the network being up.",
    remedy:
      "Look at the households' pages or agent.log in the run's directory for what holds them up.",
  },
  "simulator.process-failed": {
    retry: "later",
    meaning: "A process of the simulated neighbourhood did not start, or ended by itself.",
    remedy: "Read the log file that the message names; npm run setup installs what may be missing.",
  },
  "simulator.series": {
    retry: "never",
    meaning: "A file with a measured series cannot be read.",
    remedy:
      "Compare the file with simulator/fixtures/fontana/readings.csv: contiguous steps, no empty cells.",
  },
  "store.corrupt": {
    retry: "never",
    meaning: "The agent's database is damaged, or is not the one it was before.",
    remedy:
      "Stop the agent and run `powershare restore --replace` with the last backup, which keeps the damaged file aside; what the ledger has is not lost.",
  },
  "store.failed": {
    retry: "later",
    meaning: "The database cannot be read or written.",
    remedy:
      "Check disk, file system and the kernel log; the agent goes on by itself when writing works again.",
  },
  "store.full": {
    retry: "later",
    meaning:
      "The disk is full. Readings go to the space set aside for them, then to memory; no bids are placed.",
    remedy: "Free space on the disk of dataDir; the agent goes on by itself.",
  },
  "store.in-use": {
    retry: "later",
    meaning: "Another process has the database open.",
    remedy: "Run one agent per dataDir; stop the other one.",
  },
  "store.nearly-full": {
    retry: "later",
    meaning: "More than four fifths of the disk of dataDir are used.",
    remedy:
      "Free space, lower store.keepDays or store.maxMiB, or move dataDir to a larger disk. From nine tenths on debug logs stop.",
  },
  "store.newer": {
    retry: "never",
    meaning: "The database was written by a newer agent.",
    remedy: "Install that version again, or restore a backup of the older one.",
  },
  "store.not-durable": {
    retry: "never",
    meaning: "The database would lose what it has acknowledged at a power cut.",
    remedy:
      "Put dataDir on a local file system that supports SQLite's WAL mode, not on a network share.",
  },
  "store.older-than-ledger": {
    retry: "never",
    meaning:
      "The ledger has evidence that this database does not have: it is an old copy. Nothing is signed, because its numbers would be given twice.",
    remedy:
      "Stop the agent and restore the newest backup or the newest agent.db. If all are older than the ledger, keep them, and ask the operator to take the meter up anew; what the ledger has is not lost.",
  },
  "store.read-only": {
    retry: "later",
    meaning: "The disk is read-only; new readings are kept in memory only.",
    remedy:
      "Check the card or disk and its mount (it may be failing), then mount it writable; the agent goes on by itself.",
  },
  "store.unconfirmed": {
    retry: "later",
    meaning:
      "The database was restored from a backup, and the ledger could not be asked yet whether it is the newest. Meters are read, nothing is signed.",
    remedy: "Connect the agent to the ledger; it goes on by itself.",
  },
  "tpm.auth": {
    retry: "never",
    meaning: "The TPM refused an authorisation value.",
    remedy:
      "If the owner or endorsement password of this machine's TPM was set, give it in the configuration; otherwise enrol again.",
  },
  "tpm.blobs": {
    retry: "never",
    meaning:
      "The stored identity is damaged: a field is missing, or its own TPM will not load the key.",
    remedy: "Restore identity.json from a backup of this device, or enrol again.",
  },
  "tpm.busy": {
    retry: "later",
    meaning: "More TPM work is waiting than it can do, or the TPM keeps asking to be tried again.",
    remedy: "Wait. If it stays, see whether another program holds the TPM, and restart the device.",
  },
  "tpm.certificate": {
    retry: "never",
    meaning: "The maker's certificate in the TPM is damaged or for another key.",
    remedy: "Do not install this device; have its TPM module replaced.",
  },
  "tpm.cleared": {
    retry: "never",
    meaning: "The TPM was cleared since the device was enrolled: its keys are gone for good.",
    remedy: "Enrol the device again; evidence signed before stays valid.",
  },
  "tpm.closed": {
    retry: "never",
    meaning: "The TPM was used after it was closed, while the program was ending.",
    remedy: "Start the program again.",
  },
  "tpm.counter": {
    retry: "never",
    meaning:
      "The TPM's counter for checkpoints is missing, or its place is taken by another program's data.",
    remedy:
      "Enrol the device again; if the place is taken, let the other program free NV index 0x01805053 first.",
  },
  "tpm.failure": {
    retry: "later",
    meaning: "The TPM is in failure mode and answers nothing but diagnostics.",
    remedy: "Power the device off and on. If it comes back, replace the TPM and enrol again.",
  },
  "tpm.identity-exposed": {
    retry: "never",
    meaning: "The file with the device's key handles and their secret can be read by others.",
    remedy: "Run chmod 600 on identity.json and make the agent's user its owner.",
  },
  "tpm.locked": {
    retry: "later",
    meaning: "The TPM is locked against guessing of passwords (dictionary-attack lockout).",
    remedy:
      "Wait for its recovery time, or reset the lockout with the lockout password. The device's own keys are not affected.",
  },
  "tpm.malformed": {
    retry: "later",
    meaning: "The TPM, or what stands between, sent bytes that are no answer to the command.",
    remedy:
      "If it returns: check the TPM's seating and wires; on swtpm, that the path is its data channel.",
  },
  "tpm.not-enrolled": {
    retry: "never",
    meaning: "This device has no identity yet, or its file is damaged.",
    remedy: "Run powershare enrol, with --out set to the agent's dataDir.",
  },
  "tpm.reopened": {
    retry: "now",
    meaning: "What was loaded in the TPM was lost, because the TPM or the way to it started anew.",
    remedy:
      "Nothing; keys are loaded again by themselves. If it repeats, check the TPM's power and reset wire.",
  },
  "tpm.response": {
    retry: "never",
    meaning: "The TPM refused a command; the message names its reason.",
    remedy: "Look up the reason in the message; restart the device once before anything else.",
  },
  "tpm.timeout": {
    retry: "later",
    meaning: "The TPM did not answer in time.",
    remedy:
      "See whether another program holds it (swtpm serves one client at a time); restart the device if it stays.",
  },
  "tpm.unavailable": {
    retry: "later",
    meaning: "The TPM device or socket cannot be opened, or went away.",
    remedy:
      "Check that the TPM is fitted and enabled (dtoverlay=tpm-slb9670), that /dev/tpmrm0 exists, and that the service's user is in group tss.",
  },
  "tpm.wrong-tpm": {
    retry: "never",
    meaning: "The stored identity belongs to another TPM.",
    remedy: "Put the storage back into its own device, or enrol this one.",
  },
  "up.check-failed": {
    retry: "later",
    meaning: "This machine is not ready for a household's agent.",
    remedy: "Do what stands beside each check that is no, then give the same command again.",
  },
  "up.display-differs": {
    retry: "never",
    meaning: "What a meter sends is not what its display shows.",
    remedy:
      "Compare maker, model and serial number on the meter with what was found: it may be another meter with this unit id, another model, or a display that shows something else, as a tariff's count. Then give the same command again, with --redo scan where meters were changed.",
  },
  "up.enrolled-otherwise": {
    retry: "never",
    meaning: "The operator enrolled this device with other meters or equipment than are declared.",
    remedy:
      "Have the operator revoke this enrolment, and enrol anew as docs/operating/enrolment.md says; or declare what was: --redo channels.",
  },
  "up.line-settings": {
    retry: "never",
    meaning: "Meters on one line are set to different baud rates or parities.",
    remedy: "Set all meters on the line alike, at their own keys, then --redo scan.",
  },
  "up.no-agent": {
    retry: "later",
    meaning: "The agent was not seen running.",
    remedy:
      "Start it as it is said above; its log says what keeps it from starting. Then give the same command again.",
  },
  "up.no-evidence": {
    retry: "later",
    meaning: "The agent runs, and the ledger has taken no evidence of it in time.",
    remedy:
      "Do what the message says; powershare doctor looks at all of it. Then give the same command again.",
  },
  "up.no-line": {
    retry: "later",
    meaning: "There is no way to a meter.",
    remedy:
      "Plug the RS-485 adapter in, or name the way: --serial PATH, --tcp HOST:PORT or --rtu-over-tcp HOST:PORT.",
  },
  "up.no-meter": {
    retry: "later",
    meaning: "No meter that is known answers.",
    remedy:
      "Check the meter's power and the wires A and B, exchanged if need be; then give the same command again. powershare scan --full tries every baud rate, parity and unit.",
  },
  "up.other-agent": {
    retry: "never",
    meaning: "Another household's agent answers at the address of this one.",
    remedy: "Stop it, or name another address with --url.",
  },
  "up.roles": {
    retry: "never",
    meaning: "It is not clear which meter stands between house and grid.",
    remedy:
      "Say connection of exactly one meter, generator of at most one, and none of the others.",
  },
  "up.sign-test-failed": {
    retry: "never",
    meaning: "A meter, or a phase of one, shows power the wrong way.",
    remedy:
      "Do what stands above for each phase, by a qualified person with the power off; then give the same command again.",
  },
  "wallets.account-kind": {
    retry: "never",
    meaning: "This kind of participant can not take this side of the transaction.",
    remedy:
      "Coins are issued to banks and utilities, cash is funded to residents, and one side of an exchange is a bank.",
  },
  "wallets.amount": {
    retry: "never",
    meaning: "The amount is zero or above 10^24, or not exact in nano-coin.",
    remedy: "Use an amount in between; cash times rate must be a multiple of 1000.",
  },
  "wallets.correction-closed": {
    retry: "never",
    meaning: "The slot is not settled yet, or ended more than 35 days ago.",
    remedy: "Settle it first; after 35 days what was booked stays.",
  },
  "wallets.correction-unknown": {
    retry: "never",
    meaning: "No such correction was asked for under this id.",
    remedy: "Read what was asked for (wallets:ListCorrections), and confirm exactly that.",
  },
  "wallets.insufficient": {
    retry: "later",
    meaning: "The balance does not suffice.",
    remedy: "Fund the account first; what is in escrow can not be spent.",
  },
  "wallets.nonce-reused": {
    retry: "never",
    meaning: "The nonce was used for something else.",
    remedy: "Use a fresh nonce for each new intent, and the same one to repeat.",
  },
  "wiring.meters-silent": {
    retry: "later",
    meaning: "A sign test needs readings of all meters of the house, and there are none yet.",
    remedy: "See why the meters do not answer (powershare status), and start the test again.",
  },
  "wiring.readings": {
    retry: "never",
    meaning: "A file of readings has a header, a row or a cell that cannot be read.",
    remedy:
      "Correct the cell at the line and column that are named; `powershare tamper replay --help` lists the columns.",
  },
  "wiring.readings-order": {
    retry: "never",
    meaning: "Rows of a file of readings are out of order, or overlap.",
    remedy:
      "Sort the rows by ts_utc, keep one row of each interval, and write UTC, not wall clock time.",
  },
  "wiring.site": {
    retry: "never",
    meaning: "A household's site lacks a member, or one has a value that it cannot have.",
    remedy: "Correct the member at the JSON path that is named; docs/schemas/site.json says each.",
  },
} as const satisfies Record<string, Entry>;

export const catalogue: Readonly<Record<keyof typeof entries, Entry>> = entries;
