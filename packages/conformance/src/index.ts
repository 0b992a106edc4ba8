export { type BarClipOptions, readBars, renderBarClip } from './video-clips'
export { type ContractClip, type FrameSourceContractOptions, frameSourceContract } from './video-frame-source'
export { type KeyframeSelectorContractOptions, keyframeSelectorContract } from './video-keyframe-selector'
