/** The output of nvidia-smi for people: the table, `-q` and `-q -x`. */
import { cudaVersion, type VisibleGpu } from './smi-gpu.ts'

export function driverTable(installed: string, driver: string, gpus: readonly VisibleGpu[]): string {
  const line = `+${'-'.repeat(89)}+`
  const inside = (text: string): string => `|${text.padEnd(89)}|`
  const cells = (a: string, b: string, c: string): string =>
    `|${a.padEnd(41)}|${b.padEnd(24)}|${c.padEnd(22)}|`
  const between = (fill: string): string => `|${fill.repeat(41)}+${fill.repeat(24)}+${fill.repeat(22)}|`
  return [
    new Date().toString().slice(0, 24),
    line,
    inside(
      ` NVIDIA-SMI ${installed.padEnd(22)} Driver Version: ${driver.padEnd(14)} CUDA Version: ${cudaVersion(driver).padEnd(8)}`,
    ),
    between('-'),
    cells(' GPU  Name                 Persistence-M', ' Bus-Id          Disp.A', ' Volatile Uncorr. ECC'),
    cells(' Fan  Temp   Perf          Pwr:Usage/Cap', '           Memory-Usage', ' GPU-Util  Compute M.'),
    cells('', '', '               MIG M.'),
    between('='),
    ...gpus.flatMap((gpu) => [
      cells(
        `${String(gpu.index).padStart(4)}  ${gpu.model.slice(0, 30).padEnd(30)} ${gpu.persistence ? ' On' : 'Off'}`,
        `   0000${gpu.pci.toUpperCase()} Off`,
        '                  N/A',
      ),
      cells(
        `  0%   35C    P8             12W / ${String(gpu.powerLimit).padStart(4)}W`,
        `       1MiB / ${String(gpu.memoryMiB).padStart(5)}MiB`,
        '      0%      Default',
      ),
      cells('', '', '                  N/A'),
      `+${'-'.repeat(41)}+${'-'.repeat(24)}+${'-'.repeat(22)}+`,
    ]),
    '',
    line,
    inside(' Processes:'),
    inside('  GPU   GI   CI              PID   Type   Process name                        GPU Memory'),
    inside('        ID   ID                                                               Usage'),
    `|${'='.repeat(89)}|`,
    inside('  No running processes found'),
    line,
    '',
  ].join('\n')
}

export function queryText(driver: string, gpus: readonly VisibleGpu[]): string {
  const field = (indent: number, name: string, value: string): string =>
    `${`${' '.repeat(indent)}${name}`.padEnd(42)}: ${value}`
  return [
    '',
    '==============NVSMI LOG==============',
    '',
    field(0, 'Timestamp', new Date().toString().slice(0, 24)),
    field(0, 'Driver Version', driver),
    field(0, 'CUDA Version', cudaVersion(driver)),
    '',
    field(0, 'Attached GPUs', String(gpus.length)),
    ...gpus.flatMap((gpu) => [
      `GPU 0000${gpu.pci.toUpperCase()}`,
      field(4, 'Product Name', gpu.model),
      field(4, 'Persistence Mode', gpu.persistence ? 'Enabled' : 'Disabled'),
      field(4, 'GPU UUID', gpu.uuid),
      field(4, 'Minor Number', String(gpu.minor)),
      field(4, 'VBIOS Version', '94.06.14.00.1c'),
      '    PCI',
      field(8, 'Bus Id', `0000${gpu.pci.toUpperCase()}`),
      '    FB Memory Usage',
      field(8, 'Total', `${gpu.memoryMiB} MiB`),
      '',
    ]),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

export function queryXml(driver: string, gpus: readonly VisibleGpu[]): string {
  return [
    '<?xml version="1.0" ?>',
    '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">',
    '<nvidia_smi_log>',
    `\t<timestamp>${new Date().toString().slice(0, 24)}</timestamp>`,
    `\t<driver_version>${driver}</driver_version>`,
    `\t<cuda_version>${cudaVersion(driver)}</cuda_version>`,
    `\t<attached_gpus>${gpus.length}</attached_gpus>`,
    ...gpus.flatMap((gpu) => [
      `\t<gpu id="0000${gpu.pci.toUpperCase()}">`,
      `\t\t<product_name>${gpu.model}</product_name>`,
      `\t\t<uuid>${gpu.uuid}</uuid>`,
      `\t\t<minor_number>${gpu.minor}</minor_number>`,
      `\t\t<fb_memory_usage>\n\t\t\t<total>${gpu.memoryMiB} MiB</total>\n\t\t</fb_memory_usage>`,
      '\t</gpu>',
    ]),
    '</nvidia_smi_log>',
    '',
  ].join('\n')
}
