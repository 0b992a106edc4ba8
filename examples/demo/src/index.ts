export { type CachedDemoClipOptions, cachedDemoClip } from './clip-cache'
export { type DemoScript, type DemoText, demoScript } from './demo-script'
export { type RenderDemoClipOptions, renderDemoClip } from './render-demo-clip'
export { type DemoQuestion, type GivenAnswer, isRightAnswer } from './script/questions'
