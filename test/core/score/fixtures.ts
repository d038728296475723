/** A Score file that uses every key there is, in the form of today. */
export const everything = `# Takes orders, and makes invoices of them at night.
apiVersion: score.dev/v1b1
metadata:
  name: orders
  team: {lead: Ana, size: 4, tags: [shop, "2024"]}
  annotations:
    berth.dev/replicas: "2"
    berth.dev/release-command: node migrate.js --to "latest"
    example.org/Cost-Centre_1.a: "0042"
service:
  ports:
    web: {port: 80, targetPort: 8080, protocol: TCP}
    metrics: {port: 9100}
    syslog: {port: 80, protocol: UDP}
containers:
  migrate:
    image: .
    command: [node]
    args: [migrate.js]
    before:
      main: {ready: complete}
      tail: {ready: started}
  main:
    image: .
    variables:
      DATABASE_URL: postgres://\${resources.db.username}:\${resources.db.password}@\${resources.db.host}/\${resources.db.name}
      TEAM: \${metadata.team.lead}
      PRICE: 5$$
    files:
      /etc/orders/app.toml:
        mode: "0600"
        content: |
          name = "\${metadata.name}"
          other = "$\${kept}"
      /etc/orders/logo.bin: {binaryContent: AQIDBA==}
      /etc/orders/rules.txt: {source: config/rules.txt, noExpand: true}
    volumes:
      /var/lib/orders/: {source: "\${resources.data}", path: /sub//path, readOnly: true}
    resources:
      limits: {cpu: 500m, memory: 256Mi}
      requests: {cpu: "0.25", memory: 64M}
    livenessProbe:
      exec: {command: [node, alive.js]}
      httpGet: {port: 8080, path: /livez}
    readinessProbe:
      httpGet:
        host: orders.example
        scheme: HTTPS
        port: 8080
        path: /readyz
        httpHeaders:
        - {name: X-Probe, value: "1"}
    before:
      tail: {ready: healthy}
  tail:
    image: .
resources:
  db: {type: postgres, class: large, id: shop.main-db, params: {version: "17"}}
  data:
    type: volume
    metadata:
      annotations: {example.org/backup: nightly}
      extra: [1, 2]
  feed:
    type: dns
    params: {target: "\${resources.db.host}", options: [{name: "\${metadata.name}"}]}
`;

/** The least that is valid; indented so that keys of the container can be added. */
export const least = `apiVersion: score.dev/v1b1
metadata:
  name: guestbook
containers:
  main:
    image: .
`;
