// SPDX-License-Identifier: Apache-2.0
// send-frame DEVICE HEX…: sends each frame as it is, however wrong.
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstdio>
#include <string>
#include <vector>

int main(int count, char** arguments) {
  const int packets = socket(AF_PACKET, SOCK_RAW, 0);
  for (int i = 2; i < count; ++i) {
    const std::string hex = arguments[i];
    std::vector<unsigned char> frame;
    for (size_t at = 0; at + 1 < hex.size(); at += 2) frame.push_back(std::stoi(hex.substr(at, 2), nullptr, 16));
    sockaddr_ll to = {};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(arguments[1]));
    // What an EtherType field holds is in network order, as is this.
    to.sll_protocol = static_cast<unsigned short>(frame.at(12) | frame.at(13) << 8);
    if (sendto(packets, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to) < 0) {
      perror("sendto");
      return 1;
    }
  }
}
