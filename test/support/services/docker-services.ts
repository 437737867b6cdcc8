import path from 'node:path';
import { freePort } from './free-port';
import { runProgram, succeeds } from './command';

const ROOT = path.join(__dirname, '..', '..', '..');
const FILE = path.join(ROOT, 'docker', 'services.yaml');

/** Where the services listen, on loopback. */
export interface DockerPorts {
  readonly redis: number;
  readonly mariadb: number;
  readonly kafka: number;
}

/** Whether a Docker engine answers, with its compose plugin. */
export async function hasDocker(): Promise<boolean> {
  return (await succeeds('docker', ['info'])) && (await succeeds('docker', ['compose', 'version']));
}

export async function freePorts(): Promise<DockerPorts> {
  return { redis: await freePort(), mariadb: await freePort(), kafka: await freePort() };
}

/** Starts what does not run, and resolves once all answer. @throws Error with what compose wrote. */
export async function composeUp(project: string, ports: DockerPorts): Promise<void> {
  await compose(project, ports, ['up', '--detach', '--wait']);
}

/** Stops all and deletes their data. */
export async function composeDown(project: string, ports: DockerPorts): Promise<void> {
  await compose(project, ports, ['down', '--volumes', '--remove-orphans']);
}

async function compose(project: string, ports: DockerPorts, argv: readonly string[]): Promise<void> {
  await runProgram('docker', ['compose', '--project-name', project, '--file', FILE, ...argv], {
    environment: {
      REDIS_PORT: String(ports.redis),
      MARIADB_PORT: String(ports.mariadb),
      KAFKA_PORT: String(ports.kafka),
    },
  });
}
