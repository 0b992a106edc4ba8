import { createHash } from 'node:crypto'
import { reportScript, reportStyle } from '../generated/report-client'
import type { ReportData } from './report-data'

/**
 * Renders the report of a run as one HTML file that asks for nothing else: script, style and images are inside, and its
 * policy forbids the network. The same data gives the same file. All texts are data: the page shows them, never parses them.
 * @throws TypeError when a thumbnail is not a `data:image/` URL, or a memory's thumbnail is not a keyframe's index.
 */
export function renderReport(data: ReportData): string {
  checkThumbnails(data)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${contentPolicy()}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(data.title)} · PerStream report</title>`,
    `<style>${reportStyle}</style>`,
    '</head>',
    '<body>',
    '<noscript><p>This report is drawn by a script inside this file. Allow scripts for it to see the report.</p></noscript>',
    '<div id="report"></div>',
    `<script type="application/json" id="report-data">${embedJson(data)}</script>`,
    `<script>${reportScript}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function contentPolicy(): string {
  return [
    "default-src 'none'",
    'img-src data:',
    `style-src '${sourceHash(reportStyle)}'`,
    `script-src '${sourceHash(reportScript)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

function sourceHash(content: string): string {
  return `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`
}

// Without '<' no text can end the script element or open a comment in it.
function embedJson(data: ReportData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function checkThumbnails({ keyframes, memories }: ReportData): void {
  keyframes.forEach(({ thumbnail }, index) => {
    if (thumbnail !== undefined && !thumbnail.startsWith('data:image/')) {
      throw new TypeError(`keyframes[${index}].thumbnail is "${thumbnail.slice(0, 40)}"; give a data:image/ URL`)
    }
  })
  memories.forEach(({ thumbnail }, index) => {
    if (thumbnail !== undefined && keyframes[thumbnail] === undefined) {
      throw new TypeError(
        `memories[${index}].thumbnail is ${thumbnail}; give an index into ${keyframes.length} keyframes`,
      )
    }
  })
}
