import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import { Flowchart } from './flowchart.ts'
import './style.css'

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('Flowchart', Flowchart)
  },
} satisfies Theme
