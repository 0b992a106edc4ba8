import {
  type CallOptions,
  type Device,
  PerStreamError,
  type Tensor,
  type TensorHandle,
  type TensorSession,
  type TensorSpec,
} from '@perstream/spec'
import { checkFeeds, checkOutputs } from './feeds'
import { fromOrt, isElementType, type OrtMetadata, type OrtModule, type OrtSession, toOrt } from './ort'

/** What a session is made from. */
interface OnnxSessionParts {
  readonly ort: OrtModule
  readonly session: OrtSession
  readonly device: Exclude<Device, 'auto'>
  /** How the model is named in messages. */
  readonly label: string
}

/**
 * Wraps a session of ONNX Runtime.
 * @throws PerStreamError `model-unsupported` when a boundary holds something else than numeric tensors
 */
export function createOnnxSession({ ort, session, device, label }: OnnxSessionParts): TensorSession {
  const inputs = session.inputMetadata.map((metadata) => toSpec(metadata, label))
  const outputs = session.outputMetadata.map((metadata) => toSpec(metadata, label))
  const inTurn = device === 'cpu' ? runNow : createQueue()
  const allOutputs = outputs.map(({ name }) => name)
  let closing: Promise<void> | undefined
  const running = new Set<Promise<unknown>>()

  const run: TensorSession['run'] = async (feeds, { signal, outputs: asked = allOutputs } = {}) => {
    signal?.throwIfAborted()
    checkOutputs(outputs, asked)
    const tensors = await readFeeds(feeds, { signal })
    checkFeeds(inputs, tensors)
    const wrapped = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(ort, tensor)]))
    const results = await inTurn(async () => {
      signal?.throwIfAborted()
      return session.run(wrapped, asked).catch((cause: unknown) => {
        throw runFailed(label, cause)
      })
    })
    signal?.throwIfAborted()
    return Object.fromEntries(asked.map((name) => [name, fromOrt(results[name]!)]))
  }

  const runOpen: TensorSession['run'] = async (feeds, options) => {
    if (closing) throw new PerStreamError('input-invalid', `The session of ${label} is closed: open the model again`)
    const result = run(feeds, options)
    running.add(result)
    return result.finally(() => running.delete(result))
  }

  return {
    device,
    inputs,
    outputs,
    run: runOpen,
    async runHeld(feeds, options) {
      const tensors = await runOpen(feeds, options)
      return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toHandle(tensor)]))
    },
    [Symbol.asyncDispose]() {
      closing ??= Promise.allSettled(running).then(() => session.release())
      return closing
    },
  }
}

function toHandle(tensor: Tensor): TensorHandle {
  return { type: tensor.type, shape: tensor.shape, read: async () => tensor, [Symbol.dispose]: () => {} }
}

function toSpec({ name, isTensor, type, shape = [] }: OrtMetadata, label: string): TensorSpec {
  if (!isTensor || !isElementType(type)) {
    const problem = isTensor ? `its type is ${type}` : 'it is not a tensor'
    throw new PerStreamError(
      'model-unsupported',
      `The input or output "${name}" of ${label} cannot be used: ${problem}`,
    )
  }
  return { name, type, shape: shape.map((size) => (size === '' ? -1 : size)) }
}

async function readFeeds(
  feeds: Readonly<Record<string, Tensor | TensorHandle>>,
  options: CallOptions,
): Promise<Record<string, Tensor>> {
  const tensors: Record<string, Tensor> = {}
  for (const [name, value] of Object.entries(feeds)) {
    tensors[name] = 'read' in value ? await value.read(options) : value
  }
  return tensors
}

function runNow<Value>(work: () => Promise<Value>): Promise<Value> {
  return work()
}

/** Runs that overlap on one device can freeze it (WebGPU), so they wait for each other. */
function createQueue(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
}

function runFailed(label: string, cause: unknown): PerStreamError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new PerStreamError('input-invalid', `${label} could not run on these inputs: ${reason}`, { cause })
}
