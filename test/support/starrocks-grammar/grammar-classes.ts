import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findProgram, runProgram } from '../services/command';
import { getJars, type Jars, lacksJars, makeOnce } from '../services/maven-jars';
import { MissingServiceError } from '../services/missing-service-error';

/** StarRocks' own grammar of 3.3, as a project for lineage of SQL publishes it, and the parser's runtime in the version it was made for. */
const JARS: Jars = {
  name: 'starrocks-grammar-4.0.16',
  owner: "StarRocks' grammar",
  artifacts: ['io.github.melin.superior:superior-starrocks-parser:4.0.16', 'org.antlr:antlr4-runtime:4.9.3'],
};
const MAIN = 'CheckStatements';
const SOURCE = path.join(__dirname, `${MAIN}.java`);
const NO_JAVA = "StarRocks' grammar needs a JDK: apt-get install default-jdk-headless";

/** Why it can't run here; null: it can. */
export function lacksGrammar(): string | null {
  return findProgram('java') === null || findProgram('javac') === null ? NO_JAVA : lacksJars(JARS);
}

/**
 * How the program is started; the jars are got and it is compiled once.
 * @throws MissingServiceError without Java, Maven or the network.
 */
export async function grammarProgram(): Promise<{ readonly program: string; readonly argv: readonly string[] }> {
  const [java, javac] = [findProgram('java'), findProgram('javac')];
  if (java === null || javac === null) throw new MissingServiceError(NO_JAVA);
  const jars = path.join(await getJars(JARS), '*');
  const source = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 12);
  const classes = await makeOnce(`${JARS.name}-${source}`, async (folder) => {
    const compiled = path.join(folder, 'classes');
    await mkdir(compiled);
    await copyFile(SOURCE, path.join(folder, `${MAIN}.java`));
    await runProgram(javac, ['-cp', jars, '-d', compiled, `${MAIN}.java`], { folder });
    return compiled;
  });
  const argv = ['-Xms128m', '-Xmx1g', '-XX:+UseSerialGC', '-cp', `${classes}${path.delimiter}${jars}`, MAIN];
  return { program: java, argv };
}
