import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Hub, HubOptions } from '@perstream/backends/hub'
import { Option } from 'commander'
import { UsageError } from './exit'

/** Where models are and where they come from, as options and the environment say. */
export interface ModelFlags {
  readonly models?: string
  readonly offline?: true
}

type Environment = Readonly<Record<string, string | undefined>>

/** The option that says where models are. */
export function modelsOption(): Option {
  return new Option('--models <dir>', 'folder of the models (default: $PERSTREAM_MODELS, else in the cache folder)')
}

/** The folder of the models: what the option says, else the environment, else a place in the user's cache folder. */
export function modelsFolder({ models }: ModelFlags, environment: Environment = process.env): string {
  const given = models ?? environment.PERSTREAM_MODELS
  return given ? resolve(given) : join(cacheFolder(environment), 'perstream', 'models')
}

function cacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA }: Environment): string {
  if (XDG_CACHE_HOME) return resolve(XDG_CACHE_HOME)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
  return join(homedir(), '.cache')
}

/** Opens the hub that the environment names: HF_ENDPOINT, HF_TOKEN, and PERSTREAM_OFFLINE for the cache alone. */
export async function openHub(
  flags: ModelFlags,
  { fetch, environment = process.env }: Pick<HubOptions, 'fetch'> & { readonly environment?: Environment } = {},
): Promise<Hub> {
  const { createHub } = await import('@perstream/backends/hub')
  const { HF_ENDPOINT, HF_TOKEN, PERSTREAM_OFFLINE } = environment
  const isOffline =
    flags.offline ?? (PERSTREAM_OFFLINE !== undefined && !['', '0', 'false'].includes(PERSTREAM_OFFLINE))
  const access = { endpoint: HF_ENDPOINT || undefined, token: HF_TOKEN?.trim() || undefined }
  try {
    return createHub({ cacheFolder: modelsFolder(flags, environment), ...access, offline: isOffline, fetch })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(`HF_ENDPOINT or HF_TOKEN in the environment: ${error.message}`)
  }
}
