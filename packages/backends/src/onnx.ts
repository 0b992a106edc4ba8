import { PerStreamError } from '@perstream/spec'
import { createNodePlatform } from './onnx/node-platform'
import { checkWatchdog, type OnnxRuntimeOptions } from './onnx/options'
import { createRuntime, type OnnxRuntime } from './onnx/runtime'

export type { ChosenDevice } from './onnx/choose-device'
export type { DeviceFeatures, OnnxDeviceCapability } from './onnx/devices'
export type { ModelHub } from './onnx/model-source'
export type { OnnxRuntimeOptions, WebWorker } from './onnx/options'
export {
  type ModelPart,
  type ModelPlace,
  type OpenedParts,
  type OpenPartsOptions,
  openParts,
  type Placement,
} from './onnx/placement'
export { type CudaRequirement, cudaRequirements } from './onnx/provider-libraries'
export { createReplicas, type ReplicaOptions } from './onnx/replicas'
export type { OnnxRuntime } from './onnx/runtime'

/**
 * Makes the tensor runtime over ONNX Runtime: the package onnxruntime-node in Node (and onnxruntime-web for the device
 * 'wasm'), onnxruntime-web in browsers; they are loaded on first use. 'auto' takes the best device that works;
 * `choose()` says which and why. Runs that could freeze a device by overlapping wait for each other. In a thread (see
 * `worker`), an abort rejects at once, whatever the run does: it ends unseen, and the next one starts after it. In the
 * calling thread it takes effect before or after a run. Either way the session stays usable.
 * @throws PerStreamError `dependency-missing`, from the first call that needs a package that is not installed
 */
export function createOnnxRuntime({
  threads,
  hub,
  worker = true,
  watchdogSeconds,
}: OnnxRuntimeOptions = {}): OnnxRuntime {
  if (typeof worker === 'function') {
    throw new TypeError('worker is a function: that is for browsers; in Node it is true or false')
  }
  checkWatchdog(watchdogSeconds)
  return createRuntime({ platform: createNodePlatform({ worker, watchdogSeconds, threads }), threads, hub })
}

/** Belongs into the script of a Web Worker. @throws PerStreamError `device-unavailable` in Node, which has threads of its own */
export function serveOnnxWorker(): void {
  throw new PerStreamError(
    'device-unavailable',
    'serveOnnxWorker is for Web Workers: in Node models have threads already',
  )
}
