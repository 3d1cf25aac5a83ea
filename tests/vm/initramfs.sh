#!/bin/busybox sh
# The virtual machine's first process: gets the disk and goes on there.
/bin/busybox mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk
do
  /bin/busybox insmod "/modules/$module.ko"
done
/bin/busybox mount -t ext4 /dev/vda /image
exec /bin/busybox switch_root /image /init
