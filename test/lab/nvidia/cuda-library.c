/*
 * Stand-in of libcuda.so.VERSION: asks cuda.ts which GPUs this process can use, and copies within its own memory.
 * The functions and their results are those of cuda.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long pointer;

static int count;
static struct { char pci[32]; int context; } gpus[64];

int cuInit(unsigned flags) {
  int result = 999;
  FILE *answer = popen("exec /usr/lib/lab/node /usr/lib/lab/js/test/lab/nvidia/cuda.js " VERSION, "r");
  if (!answer || fscanf(answer, "%d", &result) != 1) return 999;
  while (count < 64 && fscanf(answer, "%31s %d", gpus[count].pci, &gpus[count].context) == 2) count++;
  pclose(answer);
  return flags ? 1 : result;
}

int cuDeviceGetCount(int *number) { *number = count; return 0; }

int cuDeviceGet(int *device, int ordinal) {
  if (ordinal < 0 || ordinal >= count) return 101;
  *device = ordinal;
  return 0;
}

int cuDeviceGetPCIBusId(char *address, int size, int device) {
  snprintf(address, size, "%s", gpus[device].pci);
  return 0;
}

int cuCtxCreate_v2(void **context, unsigned flags, int device) {
  *context = &gpus[device];
  return gpus[device].context;
}

int cuCtxDestroy_v2(void *context) { return 0; }

int cuMemAlloc_v2(pointer *memory, size_t size) {
  *memory = (pointer)malloc(size);
  return *memory ? 0 : 2;
}

int cuMemFree_v2(pointer memory) { free((void *)memory); return 0; }
int cuMemcpyHtoD_v2(pointer to, const void *from, size_t size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void *to, pointer from, size_t size) { memcpy(to, (void *)from, size); return 0; }
