import type { ReportData } from '../report-data'
import { createAnswers } from './answers'
import { element } from './dom'
import { createGateSection } from './gate-section'
import { createGraphSection } from './graph-section'
import { createHeader } from './header'
import { createMemories } from './memories'
import { createMiniPlayer } from './mini-player'
import { createNavigation } from './navigation'
import { Player } from './player'
import { createRunSection } from './run-section'
import { createSpeech } from './speech'
import { createTimeline } from './timeline'

const root = document.getElementById('report')
const embedded = document.getElementById('report-data')
if (root && embedded?.textContent) drawReport(root, readData(embedded.textContent))

function drawReport(root: HTMLElement, data: ReportData): void {
  const player = new Player(data)
  const timeline = createTimeline(data, player)
  const memories = createMemories(data, player)
  root.append(
    createNavigation(data),
    element(
      'main',
      {},
      createHeader(data),
      timeline,
      createAnswers(data, player, memories.reveal),
      memories.section,
      createGraphSection(data, player),
      createGateSection(data, player),
      createSpeech(data, player),
      createRunSection(data, player),
    ),
    element('footer', {}, `Made with PerStream ${data.createdWith}. Everything on this page is inside this one file.`),
    createMiniPlayer(player, timeline),
  )
}

// JSON has no NaN: a score without a value comes as null.
function readData(json: string): ReportData {
  const data = JSON.parse(json) as ReportData
  return { ...data, gate: data.gate.map((decision) => ({ ...decision, score: decision.score ?? Number.NaN })) }
}
