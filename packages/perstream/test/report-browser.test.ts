import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ReportData, renderReport } from '../src/report/index'
import { emptyReport, largeReport, sampleReport } from './report-sample/report-sample'

const executablePath = findChromium()
const required = (process.env.PERSTREAM_REQUIRE ?? '').split(/[\s,]+/).includes('chromium')
const skipped = executablePath ? '' : ' (skipped: no chromium on PATH)'

it.runIf(required)('finds the chromium that PERSTREAM_REQUIRE names', () => {
  expect(executablePath, 'no chromium, chromium-browser or google-chrome on PATH').toBeDefined()
})

describe.skipIf(!executablePath)(`the report in a browser${skipped}`, () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perstream-report-'))
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] })
  })

  afterAll(async () => {
    await browser?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** Opens a report as a file and collects what must not happen: errors, and requests for anything but the file. */
  async function open(
    data: ReportData,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; faults: string[] }> {
    const path = join(folder, `${Math.random().toString(36).slice(2)}.html`)
    await writeFile(path, renderReport(data))
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
    const faults: string[] = []
    const url = pathToFileURL(path).href
    page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
    page.on('dialog', (dialog) => faults.push(`dialog: ${dialog.message()}`))
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) faults.push(`request: ${request.url()}`)
    })
    await page.goto(url)
    return { page, faults }
  }

  it('shows every section, without errors or requests, and texts of the video as texts', async () => {
    const { page, faults } = await open(sampleReport())
    for (const id of ['timeline', 'answers', 'memories', 'graph', 'gate', 'speech', 'run']) {
      await page.locator(`#${id}`).scrollIntoViewIfNeeded()
      expect(await page.locator(`#${id} h2`).isVisible()).toBe(true)
    }
    expect(await page.locator('.summary').textContent()).toContain('stored 30 memories in 9 categories')
    expect(await page.locator('.card', { hasText: '</script><img src=x onerror=alert(1)>' }).count()).toBe(2)
    expect(await page.locator('#speech summary').textContent()).toBe('Stayed silent 24 times')
    expect(await page.locator('.answer.not-seen').count()).toBe(2)
    expect(faults).toEqual([])
    await page.close()
  })

  it('goes to the evidence of an answer, and shows its picture in the corner', async () => {
    const data = sampleReport()
    const { page, faults } = await open(data)
    await page.locator('#memories').scrollIntoViewIfNeeded()
    const answer = page.locator('.answer', { hasText: 'Where did I park?' })
    const evidence = data.answers[2]!.citations[0]!.evidence[0]!
    await answer.locator('button.answer-text').click()
    await expect.poll(() => page.locator('.scrub').inputValue().then(Number)).toBeCloseTo(evidence.startSeconds)
    const keyframe = data.keyframes.filter(({ seconds }) => seconds <= evidence.startSeconds).at(-1)!
    expect(await page.locator('.stage img').getAttribute('src')).toBe(keyframe.thumbnail)
    await page.locator('#memories').evaluate((node) => node.scrollIntoView())
    await page.locator('.card .time').first().click()
    await page.locator('.mini').waitFor()
    await page.locator('.mini-open').click()
    await page.locator('.mini').waitFor({ state: 'hidden' })
    expect(faults).toEqual([])
    await page.close()
  })

  it('plays through the keyframes and steps with the keys', async () => {
    const { page } = await open(sampleReport())
    await page.locator('.scrub').focus()
    await page.keyboard.press('ArrowRight')
    const first = await page.locator('.strip [aria-current]').getAttribute('aria-label')
    expect(first).toContain('Keyframe 2 ')
    await page.locator('.play').click()
    await expect
      .poll(() => page.locator('.strip [aria-current]').getAttribute('aria-label'), { timeout: 10_000 })
      .toContain('Keyframe 4 ')
    await page.locator('.play').click()
    expect(await page.locator('.play').textContent()).toBe('Play')
    await page.close()
  })

  it('searches and filters memories, and shows the memory behind an answer', async () => {
    const { page } = await open(sampleReport())
    await page.getByLabel('Search memories').fill('cafe linde')
    expect(await page.locator('.card').count()).toBe(2)
    expect(await page.locator('#memories .status').textContent()).toBe('2 of 30 memories')
    await page.getByLabel('Search memories').fill('zebra')
    expect(await page.locator('#memories .empty').textContent()).toContain('No memory matches')
    await page.locator('.answer .link').first().click()
    expect(await page.locator('.card').count()).toBe(30)
    expect(await page.locator('.card.marked').textContent()).toContain('Dentist appointment')
    await page.getByLabel('Category').selectOption('vehicle')
    expect(await page.locator('.card').count()).toBe(2)
    await page.close()
  })

  it('draws a graph whose nodes can be found, chosen and followed', async () => {
    const { page, faults } = await open(sampleReport())
    const canvas = page.locator('canvas')
    await canvas.scrollIntoViewIfNeeded()
    await page.locator('canvas[data-layout=settled]').waitFor()
    expect(await canvas.getAttribute('aria-label')).toMatch(/^Memory graph: 7\d nodes, \d+ links$/)
    await page.getByLabel('Find in the graph').fill('B KX 4721')
    await page.getByLabel('Find in the graph').press('Enter')
    expect(await page.locator('.graph-name').textContent()).toBe('B KX 4721')
    expect(Number(await page.locator('.scrub').inputValue())).toBeGreaterThan(0)
    const box = (await canvas.boundingBox())!
    await page.mouse.click(box.x + 8, box.y + 8)
    expect(await page.locator('.graph-size').isVisible()).toBe(true)
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    expect(await page.locator('.graph-name').textContent()).toBe('B KX 4721')
    await page.locator('.neighbours .link', { hasText: 'Car' }).first().click()
    expect(await page.locator('.graph-name').textContent()).toBe('Car')
    expect(faults).toEqual([])
    await page.close()
  })

  it('reads a gate decision under the pointer and with the keys', async () => {
    const { page } = await open(sampleReport())
    const chart = page.locator('.chart')
    await chart.scrollIntoViewIfNeeded()
    await chart.hover({ position: { x: 500, y: 60 } })
    expect(await page.locator('.tip').textContent()).toMatch(/Remembered: .* threshold 0\.5$/)
    await chart.focus()
    await chart.press('ArrowRight')
    const tip = await page.locator('.tip').textContent()
    await chart.press('Enter')
    expect(tip).toContain(
      await page
        .locator('.clock')
        .textContent()
        .then((text) => text!.split(' ')[0]!),
    )
    await page.close()
  })

  it('follows the system from light to dark, and the switch, and prints in light', async () => {
    const { page } = await open(sampleReport(), { colorScheme: 'dark' })
    const paper = () => page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor)
    expect(await paper()).toBe('rgb(21, 21, 19)')
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(await paper()).toBe('rgb(250, 249, 246)')
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(await paper()).toBe('rgb(21, 21, 19)')
    await page.getByRole('button', { name: 'Switch to light colours' }).click()
    expect(await paper()).toBe('rgb(250, 249, 246)')
    await page.close()
  })

  it('fits a phone', async () => {
    const { page } = await open(sampleReport(), { viewport: { width: 375, height: 812 } })
    expect(await page.locator('html').evaluate((root) => root.scrollWidth)).toBe(375)
    await page.close()
  })

  it('tells what went for a budget, where there was one', async () => {
    const { page } = await open(sampleReport())
    expect(await page.locator('h3:text("For the budget") + ul').allInnerTexts()).toMatchObject([
      expect.stringMatching(/0:33\s*3 grids and 2 embeddings gone[\s\S]*1:11\s*4 grids and the words of 1 memory gone/),
    ])
    await page.close()
    const { page: unused } = await open({ ...emptyReport(), reductions: [] })
    expect(await unused.locator('h3:text("For the budget") + p').textContent()).toBe('Nothing had to go.')
    await unused.close()
    const { page: none } = await open(emptyReport())
    expect(await none.getByText('For the budget').count()).toBe(0)
    await none.close()
  })

  it('says of an empty run that nothing was recognised', async () => {
    const { page, faults } = await open(emptyReport())
    expect(await page.locator('.summary').textContent()).toContain('Nothing was recognised')
    expect(await page.locator('.empty').allTextContents()).toEqual([
      'No keyframe was kept.',
      'No question was asked. Ask with --ask "Where did I park?".',
      'Nothing was recognised. The memory is empty.',
      'The graph is empty: nothing was stored in this run.',
      'Nothing was recognised, so the gate had nothing to decide.',
      'Speaking up was not considered in this run.',
      'Time was not measured.',
      'All defaults.',
    ])
    expect(faults).toEqual([])
    await page.close()
  })

  it('stays usable with a thousand memories and two thousand nodes', async () => {
    const { page, faults } = await open(largeReport(1000))
    expect(await page.locator('.card').count()).toBe(48)
    await page.locator('.show-more').click()
    expect(await page.locator('.card').count()).toBe(240)
    await page.getByLabel('Search memories').fill('(999)')
    expect(await page.locator('.card').count()).toBe(1)
    await page.locator('canvas').scrollIntoViewIfNeeded()
    await page.locator('canvas[data-layout=settled]').waitFor()
    expect(await page.locator('canvas').getAttribute('aria-label')).toContain('2,009 nodes')
    expect(faults).toEqual([])
    await page.close()
  })
})

function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
