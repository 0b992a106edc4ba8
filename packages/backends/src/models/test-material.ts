import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = process.env.PERSTREAM_SHARED ?? fileURLToPath(new URL('../../../../../shared', import.meta.url))

/** The folder of the test models, where it is there. */
export const shared: string | undefined = existsSync(folder) ? folder : undefined
