export { renderReport } from './render-report'
export type {
  ReportAnswer,
  ReportCitation,
  ReportData,
  ReportEntity,
  ReportEvidence,
  ReportGateDecision,
  ReportGraph,
  ReportKeyframe,
  ReportMemory,
  ReportPart,
  ReportReduction,
  ReportRelation,
  ReportSource,
  ReportSpeech,
  ReportSpeed,
  ReportWarning,
} from './report-data'
