/** The pages of the site, in the order of its menu. */

export interface SitePage {
  /** The Markdown file, relative to the root of the repository. */
  readonly source: string
  /** The page on the site, without a suffix. */
  readonly route: string
  /** In the menu. */
  readonly title: string
}

export interface SiteSection {
  readonly title: string
  readonly pages: readonly SitePage[]
}

export const sections: readonly SiteSection[] = [
  {
    title: 'Start',
    pages: [
      { source: 'docs/README.md', route: 'index', title: 'Overview' },
      { source: 'docs/start.md', route: 'start', title: 'Start in five minutes' },
      { source: 'docs/concepts.md', route: 'concepts', title: 'Concepts' },
    ],
  },
  {
    title: 'GPUs on Proxmox VE',
    pages: [
      { source: 'docs/guide.md', route: 'guide', title: 'Guide' },
      { source: 'docs/roles.md', route: 'roles', title: 'Roles' },
      { source: 'docs/troubleshooting.md', route: 'troubleshooting', title: 'Troubleshooting' },
    ],
  },
  {
    title: 'Playbooks of your own',
    pages: [
      { source: 'docs/playbooks.md', route: 'playbooks', title: 'Playbooks' },
      { source: 'docs/modules.md', route: 'modules', title: 'Modules' },
      { source: 'docs/reference.md', route: 'reference', title: 'Facts and functions' },
      { source: 'docs/secrets.md', route: 'secrets', title: 'Secrets' },
      { source: 'docs/testing.md', route: 'testing', title: 'Testing' },
      { source: 'examples/README.md', route: 'examples', title: 'Example roles' },
    ],
  },
  {
    title: 'From Ansible',
    pages: [
      { source: 'docs/from-ansible.md', route: 'from-ansible', title: 'From Ansible' },
      { source: 'docs/inventory-differences.md', route: 'inventory-differences', title: 'Inventories' },
    ],
  },
  {
    title: 'Running',
    pages: [
      { source: 'docs/command-line.md', route: 'command-line', title: 'Command line' },
      { source: 'SECURITY.md', route: 'security', title: 'Security' },
    ],
  },
  {
    title: 'The project',
    pages: [
      { source: 'docs/architecture.md', route: 'architecture', title: 'Architecture' },
      { source: 'CONTRIBUTING.md', route: 'contributing', title: 'Working on gpuplay' },
      { source: 'test/lab/README.md', route: 'lab', title: 'The lab' },
      { source: 'test/lab/STANDINS.md', route: 'stand-ins', title: 'Stand-ins of the lab' },
      { source: 'bench/README.md', route: 'bench', title: 'Benchmarks' },
      { source: 'CHANGELOG.md', route: 'changes', title: 'Changes' },
    ],
  },
]

export const pages: readonly SitePage[] = sections.flatMap((section) => section.pages)
