/** Packages of NVIDIA's CUDA repositories, with driver packages that conflict with a .run. */
import { program, standin, type PracticePackage } from './package.ts'

interface Toolkit {
  /** `12.8` */
  readonly release: string
  /** Version of nvcc: `12.8.93`. */
  readonly nvcc: string
}

const toolkits: readonly Toolkit[] = [
  { release: '12.6', nvcc: '12.6.85' },
  { release: '12.8', nvcc: '12.8.93' },
  { release: '13.0', nvcc: '13.0.88' },
]
const driver = '570.124.06'

/** @param distribution NVIDIA's name of it in URLs: `debian12` */
export function cudaPackages(distribution: string, key: Uint8Array): readonly PracticePackage[] {
  const newest = toolkits.at(-1)?.release.replace('.', '-') ?? ''
  return [
    keyring(distribution, key),
    ...toolkits.flatMap(toolkit),
    { name: 'cuda-toolkit', version: '13.0.2-1', fields: { Depends: `cuda-toolkit-${newest}` } },
    {
      name: 'nvidia-utils-570',
      version: `${driver}-1`,
      files: {
        '/usr/bin/nvidia-smi': standin('nvidia/smi'),
        [`/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.${driver}`]: { text: `${driver}\n` },
      },
      postinst: `ln -sfn libnvidia-ml.so.${driver} /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1\n`,
    },
    { name: 'cuda-drivers-570', version: `${driver}-1`, fields: { Depends: 'nvidia-utils-570' } },
    { name: 'cuda-drivers', version: `${driver}-1`, fields: { Depends: 'cuda-drivers-570' } },
    { name: 'nvidia-open', version: `${driver}-1`, fields: { Depends: 'nvidia-utils-570' } },
    { name: 'cuda-runtime-12-8', version: '12.8.1-1', fields: { Depends: 'cuda-drivers' } },
    { name: 'cuda-12-8', version: '12.8.1-1', fields: { Depends: 'cuda-toolkit-12-8, cuda-runtime-12-8' } },
    { name: 'cuda', version: '12.8.1-1', fields: { Depends: 'cuda-12-8' } },
  ]
}

function keyring(distribution: string, key: Uint8Array): PracticePackage {
  const address = `https://developer.download.nvidia.com/compute/cuda/repos/${distribution}/x86_64/`
  return {
    name: 'cuda-keyring',
    version: '1.1-1',
    architecture: 'all',
    files: {
      '/usr/share/keyrings/cuda-archive-keyring.gpg': { text: key },
      [`/etc/apt/sources.list.d/cuda-${distribution}-x86_64.list`]: {
        text: `deb [signed-by=/usr/share/keyrings/cuda-archive-keyring.gpg] ${address} /\n`,
        conffile: true,
      },
      '/etc/apt/preferences.d/cuda-repository-pin-600': {
        text: 'Package: *\nPin: release l=NVIDIA CUDA\nPin-Priority: 600\n',
        conffile: true,
      },
    },
  }
}

function toolkit({ release, nvcc }: Toolkit): readonly PracticePackage[] {
  const dashed = release.replace('.', '-')
  const home = `/usr/local/cuda-${release}`
  const priority = release.replace('.', '')
  const alternative = (link: string, name: string, path: string) =>
    `update-alternatives --install ${link} ${name} ${path} ${priority} >/dev/null\n`
  return [
    {
      name: `cuda-nvcc-${dashed}`,
      version: `${nvcc}-1`,
      files: {
        [`${home}/bin/nvcc`]: program(
          [
            "echo 'nvcc: NVIDIA (R) Cuda compiler driver'",
            "echo 'Copyright (c) 2005-2025 NVIDIA Corporation'",
            "echo 'Built on Fri_Feb_21_20:23:50_PST_2025'",
            `echo 'Cuda compilation tools, release ${release}, V${nvcc}'`,
            `echo 'Build cuda_${release}.r${release}/compiler.35583870_0'`,
            '',
          ].join('\n'),
        ),
      },
      fields: { Depends: `cuda-toolkit-${dashed}-config-common` },
    },
    {
      name: `cuda-toolkit-${dashed}-config-common`,
      version: `${nvcc}-1`,
      architecture: 'all',
      files: { [`${home}/version.json`]: { text: `{"cuda":{"name":"CUDA SDK","version":"${nvcc}"}}\n` } },
      postinst:
        alternative('/usr/local/cuda', 'cuda', home) +
        alternative(`/usr/local/cuda-${release.split('.')[0]}`, `cuda-${release.split('.')[0]}`, home),
      prerm: `update-alternatives --remove cuda ${home}\nupdate-alternatives --remove cuda-${release.split('.')[0]} ${home}\n`,
    },
    {
      name: `cuda-cudart-${dashed}`,
      version: `${nvcc}-1`,
      files: { [`${home}/lib64/libcudart.so.${nvcc}`]: { text: 'practice\n' } },
    },
    {
      name: `cuda-libraries-${dashed}`,
      version: `${nvcc}-1`,
      fields: { Depends: `cuda-cudart-${dashed} (>= ${nvcc})` },
    },
    {
      name: `cuda-toolkit-${dashed}`,
      version: `${nvcc}-1`,
      fields: { Depends: `cuda-nvcc-${dashed} (>= ${nvcc}), cuda-libraries-${dashed} (>= ${nvcc})` },
    },
  ]
}
