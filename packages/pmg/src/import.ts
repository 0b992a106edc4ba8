export { type DrivenActOptions, importDrivenAct } from './import/drivenact'
export { exportSafetensors, type SafetensorsExportOptions } from './import/export-safetensors'
export { type ImportIntoOptions, type ImportIntoResult, importInto } from './import/import-into'
export type { ImportItem, SkippedItem } from './import/import-item'
export { importMcpMemory, type McpMemoryEntity, type McpMemoryOptions } from './import/mcp-memory'
export { importMem0, type Mem0Options } from './import/mem0'
export {
  readSafetensors,
  type Safetensors,
  type SafetensorsTensor,
  type SafetensorsType,
} from './import/read-safetensors'
