/* What the tools here and the configurations of the peers in servers.sh agree
 * on.
 */
#ifndef BENCH_STORAGE_PEER_H
#define BENCH_STORAGE_PEER_H

#define PEER_COMMERCE_ID "shop.example.com"
#define PEER_SECRET "0123456789abcdef0123456789abcdef"

#endif
