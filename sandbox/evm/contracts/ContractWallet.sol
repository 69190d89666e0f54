// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A recipient that is a contract wallet: accepting native coins writes storage and a log, so a transfer to it needs
/// more gas than the one to a plain account, and only an estimate tells how much.
contract ContractWallet {
    address public immutable owner;
    uint256 public received;

    event Received(address indexed from, uint256 value);

    error NotOwner(address caller);
    error CallFailed(bytes reason);

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {
        received += msg.value;
        emit Received(msg.sender, msg.value);
    }

    /// Lets the owner move out what the wallet holds, native coins and tokens alike.
    function execute(address to, uint256 value, bytes calldata data) external returns (bytes memory) {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        (bool done, bytes memory answer) = to.call{value: value}(data);
        if (!done) revert CallFailed(answer);
        return answer;
    }
}
