import { findProgram, runProgram } from './command';
import { MissingServiceError } from './missing-service-error';

let isUpdated = false;

/** Why a program can't be had here; null: it is there, or can be installed. */
export function lacksProgram(program: string, debianPackage: string): string | null {
  if (findProgram(program) !== null || canInstall()) return null;
  return `${program} is not installed: apt-get install ${debianPackage}`;
}

function canInstall(): boolean {
  return findProgram('apt-get') !== null && process.getuid?.() === 0;
}

/**
 * Where a program is; installs the Debian package that has it where that can be done without asking anybody.
 * @throws MissingServiceError if it is not there and can't be installed.
 */
export async function programOfPackage(program: string, debianPackage: string): Promise<string> {
  const found = findProgram(program);
  if (found !== null) return found;
  const reason = lacksProgram(program, debianPackage);
  if (reason !== null) throw new MissingServiceError(reason);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    if (!isUpdated) await runProgram('apt-get', ['-qq', 'update'], { environment });
    isUpdated = true;
    await runProgram('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', debianPackage], { environment });
  } catch (error) {
    throw new MissingServiceError(`${debianPackage} could not be installed: ${String(error)}`, { cause: error });
  }
  const installed = findProgram(program);
  if (installed === null) throw new MissingServiceError(`${debianPackage} has no ${program}`);
  return installed;
}
