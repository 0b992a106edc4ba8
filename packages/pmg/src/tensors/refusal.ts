import { PerStreamError } from '@perstream/spec'
import { errorCode } from '../node-directory'

/** Says that a folder is no tensor store. */
export function notTensors(folder: string, reason: string): PerStreamError {
  return new PerStreamError(
    'input-invalid',
    `${folder} is not a folder of grids: ${reason}. Give the folder of a tensor store, or an empty one to write to`,
    { fields: { directory: folder } },
  )
}

/** What an error of the file system means for a tensor store; undefined when it means nothing else. */
export function refusal(folder: string, cause: unknown): PerStreamError | undefined {
  const code = errorCode(cause)
  if (code === 'EEXIST' || code === 'ENOTDIR') return notTensors(folder, 'it is a file')
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new PerStreamError(
      'store-full',
      `there is no room to write to ${folder}: free some, then write again; what was there stays`,
      { fields: { directory: folder }, cause },
    )
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') return undefined
  return new PerStreamError(
    'store-read-only',
    `${folder} cannot be written to: give it rights, or open it with mode "read"`,
    { fields: { directory: folder }, cause },
  )
}
