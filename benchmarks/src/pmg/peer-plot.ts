/** What was measured of one contestant; NaN where it has none. */
export interface PeerResult {
  readonly name: string
  readonly rowsPerSecond: number
  readonly milliseconds: number
  readonly recall: number
  readonly openMilliseconds: number
  readonly bytes: number
}

const panels: readonly { title: string; unit: string; value: (result: PeerResult) => number }[] = [
  { title: 'top 5, lower is better', unit: 'ms', value: ({ milliseconds }) => milliseconds },
  { title: 'insert, higher is better', unit: 'rows/s', value: ({ rowsPerSecond }) => rowsPerSecond },
  { title: 'open and first answer, lower is better', unit: 'ms', value: ({ openMilliseconds }) => openMilliseconds },
  { title: 'on disk, lower is better', unit: 'MB', value: ({ bytes }) => bytes / 1e6 },
]
const [width, rowHeight, labelWidth, barWidth] = [890, 22, 195, 560]

/** Draws bars on logarithmic scales, one panel a measure: an SVG that needs nothing else. */
export function peerPlot(title: string, results: readonly PeerResult[]): string {
  const panelHeight = 44 + rowHeight * results.length
  const height = 50 + panels.length * panelHeight
  const parts = panels.map(({ title: name, unit, value }, i) =>
    panel(
      name,
      unit,
      results.map((result) => ({ result, value: value(result) })),
      50 + i * panelHeight,
    ),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="16" y="30" font-size="17" font-weight="600">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`
}

function panel(
  title: string,
  unit: string,
  rows: readonly { result: PeerResult; value: number }[],
  top: number,
): string {
  const values = rows.map(({ value }) => value).filter((value) => value > 0)
  const [least, most] = [Math.min(...values) / 2, Math.max(...values)]
  const bars = rows.map(({ result, value }, i) => {
    const y = top + 34 + i * rowHeight
    const length = value > 0 ? Math.max(2, (barWidth * Math.log(value / least)) / Math.log(most / least)) : 0
    const note = value > 0 ? `${Number(value.toPrecision(3))} ${unit}` : 'none'
    const recall =
      unit === 'ms' && title.startsWith('top') && result.recall < 0.9995 ? `, recall ${result.recall.toFixed(3)}` : ''
    const fill = i === 0 ? '#0b6e5f' : '#9aa8b5'
    return `<text x="${labelWidth - 8}" y="${y + 14}" text-anchor="end">${escaped(result.name)}</text><rect x="${labelWidth}" y="${y + 3}" width="${length.toFixed(1)}" height="${rowHeight - 7}" rx="2" fill="${fill}"/><text x="${labelWidth + length + 6}" y="${y + 14}" fill="#444">${note}${recall}</text>`
  })
  return `<text x="16" y="${top + 22}" font-weight="600">${title} (${unit}, logarithmic)</text>\n${bars.join('\n')}`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
