// Node-RED's settings: what it keeps lies in its working directory.
module.exports = {
  uiPort: Number(process.env.PORT || 1880),
  flowFile: 'flows.json',
  // A flow's credentials would be encrypted with a key that is lost with the replica.
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: 'info', metrics: false, audit: false } },
};
