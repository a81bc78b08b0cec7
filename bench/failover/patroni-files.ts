// The files of a Patroni cluster on this machine: one profile is one set of timings. JSON is YAML too, so that nothing needs quoting rules.

export type Profile = {
  readonly name: string;
  readonly ttl: number;
  readonly loopWait: number;
  readonly retryTimeout: number;
  /** HAProxy's health checks. */
  readonly interMs: number;
  readonly fall: number;
  readonly rise: number;
  readonly why: string;
};

export const profiles: readonly Profile[] = [
  {
    name: "default",
    ttl: 30,
    loopWait: 10,
    retryTimeout: 10,
    interMs: 3_000,
    fall: 3,
    rise: 2,
    why: "as Patroni ships it",
  },
  {
    name: "docmin",
    ttl: 20,
    loopWait: 1,
    retryTimeout: 3,
    interMs: 1_000,
    fall: 2,
    rise: 1,
    why: "the lowest that its documentation allows",
  },
  {
    name: "fast",
    ttl: 5,
    loopWait: 1,
    retryTimeout: 2,
    interMs: 250,
    fall: 2,
    rise: 1,
    why: "below what its documentation allows",
  },
];

export type Node = {
  readonly region: string;
  readonly databasePort: number;
  readonly restPort: number;
  /** Everything of it is in here. */
  readonly folder: string;
};

export type Secrets = { readonly superuser: string; readonly replication: string };

export function patroniFile(
  node: Node,
  cluster: {
    readonly profile: Profile;
    readonly etcdPort: number;
    readonly secrets: Secrets;
    readonly serverFolder: string;
    readonly sync: boolean;
  },
): string {
  const { profile, secrets } = cluster;
  const database = `127.0.0.1:${node.databasePort}`;
  const rest = `127.0.0.1:${node.restPort}`;
  return JSON.stringify(
    {
      scope: "failover-bench",
      name: node.region,
      restapi: { listen: rest, connect_address: rest },
      // The version 3 gateway: etcd 3.4 has version 2 switched off.
      etcd3: { hosts: [`127.0.0.1:${cluster.etcdPort}`] },
      bootstrap: {
        dcs: {
          ttl: profile.ttl,
          loop_wait: profile.loopWait,
          retry_timeout: profile.retryTimeout,
          maximum_lag_on_failover: 1_048_576,
          synchronous_mode: cluster.sync,
          postgresql: { use_pg_rewind: true, use_slots: true, parameters: { shared_buffers: "64MB" } },
        },
        initdb: [{ encoding: "UTF8" }, "data-checksums"],
      },
      postgresql: {
        listen: database,
        connect_address: database,
        data_dir: `${node.folder}/data`,
        bin_dir: cluster.serverFolder,
        pgpass: `${node.folder}/pgpass`,
        authentication: {
          superuser: { username: "postgres", password: secrets.superuser },
          replication: { username: "replicator", password: secrets.replication },
        },
        parameters: { unix_socket_directories: "" },
        pg_hba: ["host all all 127.0.0.1/32 scram-sha-256", "host replication replicator 127.0.0.1/32 scram-sha-256"],
      },
    },
    undefined,
    2,
  );
}

/** A frozen node's check ends with the interval: `timeout check` left out is the quickest HAProxy can be. */
export function haproxyFile(front: number, nodes: readonly Node[], profile: Profile): string {
  return `global
  maxconn 200
defaults
  mode tcp
  timeout connect 300ms
  timeout client 30m
  timeout server 30m
listen primary
  bind 127.0.0.1:${front}
  option httpchk GET /primary
  http-check expect status 200
  default-server inter ${profile.interMs}ms fall ${profile.fall} rise ${profile.rise} on-marked-down shutdown-sessions
${nodes.map((node) => `  server ${node.region} 127.0.0.1:${node.databasePort} check port ${node.restPort}\n`).join("")}`;
}
