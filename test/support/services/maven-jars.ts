import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram, runProgram } from './command';
import { MissingServiceError } from './missing-service-error';

/** Where packages are installed, from the sources and from what is compiled of them. */
const PACKAGES = path.join(path.dirname(require.resolve('kafkajs/package.json')), '..');
/** What is got once, or made of it, and kept beside the packages. */
const CACHE = path.join(PACKAGES, '.cache');

/** Jars that belong together, with all that they need. */
export interface Jars {
  /** Of their folder; with the version, so that another one gets another folder. */
  readonly name: string;
  /** Whose they are, for people. */
  readonly owner: string;
  /** `group:artifact:version`. */
  readonly artifacts: readonly string[];
}

/** The folder of that name in the cache. */
export function cacheFolder(name: string): string {
  return path.join(CACHE, name);
}

/** Why the jars can't be had here; null: they are there, or can be got. */
export function lacksJars(jars: Jars): string | null {
  return existsSync(cacheFolder(jars.name)) || findProgram('mvn') !== null ? null : noMaven(jars);
}

/**
 * The folder with the jars; got by Maven once.
 * @throws MissingServiceError without Maven, or if it can't get them.
 */
export async function getJars(jars: Jars): Promise<string> {
  const maven = findProgram('mvn');
  return await makeOnce(jars.name, async (folder) => {
    if (maven === null) throw new MissingServiceError(noMaven(jars));
    await writeFile(path.join(folder, 'pom.xml'), pomOf(jars));
    const call = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'];
    await runProgram(maven, call, { folder }).catch((error: unknown) => {
      throw new MissingServiceError(`Maven could not get the jars of ${jars.owner}: ${String(error)}`, {
        cause: error,
      });
    });
    return path.join(folder, 'jars');
  });
}

/**
 * A folder in the cache, whole or not at all.
 * @param make given an empty folder, tells where in it is what is to be kept.
 */
export async function makeOnce(name: string, make: (folder: string) => Promise<string>): Promise<string> {
  const kept = cacheFolder(name);
  if (existsSync(kept)) return kept;
  await mkdir(path.dirname(kept), { recursive: true });
  const work = await mkdtemp(`${kept}-`);
  try {
    // Somebody else may have been faster.
    await rename(await make(work), kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return kept;
}

function noMaven({ owner }: Jars): string {
  return `${owner} needs Maven to get its jars: apt-get install maven`;
}

function pomOf({ name, artifacts }: Jars): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tessera</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <dependencies>
    ${dependencies.join('\n    ')}
  </dependencies>
</project>
`;
}
