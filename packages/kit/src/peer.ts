import { PerStreamError } from '@perstream/spec'

/**
 * Loads an optional package on first use.
 * @throws PerStreamError `dependency-missing`, whose message says what to install, when it is not there
 */
export async function importPeer<Module>(name: string, purpose: string, load: () => Promise<unknown>): Promise<Module> {
  try {
    return (await load()) as Module
  } catch (cause) {
    throw new PerStreamError(
      'dependency-missing',
      `${purpose} needs the package "${name}", which could not be loaded: ${message(cause)}. Install it with: npm install ${name}`,
      { fields: { package: name }, cause },
    )
  }
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message.split('\n')[0]! : String(cause)
}
