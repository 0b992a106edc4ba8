export { type Checkpoint, type CheckpointTensor, openCheckpoint } from './node/checkpoint'
export { type FileSource, fileSource } from './node/file-source'
export { writeSafetensorsFile, writeWholeFile } from './node/write-file'
