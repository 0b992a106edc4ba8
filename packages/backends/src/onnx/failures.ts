import { PerStreamError, type PerStreamErrorCode } from '@perstream/spec'
import type { HostModel } from './host'

const outOfMemory =
  /bad_alloc|out of memory|failed to allocate memory|OUT_OF_MEMORY|allocation failed|Aborted\(OOM|cannot enlarge memory|tensor shape is too large|SafeIntOnOverflow/i
const deviceLost =
  /device (was|is|has been)? ?lost|DEVICE_LOST|device_removed|A valid external Instance reference no longer exists|CUDA failure (46|700|702|714|719|999)\b|unspecified launch failure|no longer available/i
const unsupported =
  /not a registered function\/op|No Op registered|NOT_IMPLEMENTED|Could not find an implementation|ERROR_CODE: 9\b|requires f16/i

type FailedModel = Pick<HostModel, 'label' | 'device'>

/** Names what a session could not be opened for. */
export function openFailed({ label, device }: FailedModel, cause: unknown): PerStreamError {
  const reason = reasonOf(cause)
  const code = resourceCode(reason) ?? (unsupported.test(reason) ? 'model-unsupported' : 'model-invalid')
  return failure(code, { label, device, did: 'be opened on', reason, cause })
}

/** Names what a run failed for; what is an error of ours stays. */
export function runFailed({ label, device }: FailedModel, cause: unknown): PerStreamError {
  if (PerStreamError.isInstance(cause)) return cause
  const reason = reasonOf(cause)
  const code = resourceCode(reason) ?? (unsupported.test(reason) ? 'model-unsupported' : 'input-invalid')
  return failure(code, { label, device, did: 'run on these inputs on', reason, cause })
}

/** The first line of what ONNX Runtime said, without the place in its source. */
export function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return message
    .split('\n')[0]!
    .replace(/^\/\S+:\d+ .*? was false\. /, '')
    .trim()
}

function resourceCode(reason: string): PerStreamErrorCode | undefined {
  if (outOfMemory.test(reason)) return 'out-of-memory'
  return deviceLost.test(reason) ? 'device-lost' : undefined
}

interface Failure {
  readonly label: string
  readonly device: string
  readonly did: string
  readonly reason: string
  readonly cause: unknown
}

const remedies: Partial<Record<PerStreamErrorCode, string>> = {
  'out-of-memory': 'Open a smaller dtype ("q4", "int8"), shorten the input, or use another device',
  'device-lost': 'Open the model again, here or on another device',
}

function failure(code: PerStreamErrorCode, { label, device, did, reason, cause }: Failure): PerStreamError {
  const remedy = remedies[code]
  const text = `${label[0]!.toUpperCase()}${label.slice(1)} could not ${did} ${device}: ${reason}`
  return new PerStreamError(code, remedy ? `${text}. ${remedy}` : text, {
    fields: { model: label, device, reason },
    cause,
  })
}

/** Says that a model, or a file of it, could not be read. */
export function modelMissing(location: string, reason: string, cause?: unknown): PerStreamError {
  return new PerStreamError('model-missing', `The model ${location} could not be read: ${reason}`, {
    fields: { location },
    cause,
  })
}
